import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';

/** What a run cost, as the kernel counted it. */
export interface RunCost {
  readonly wallMs: number;
  /** User and system time, in steps of the kernel's clock (10 ms). */
  readonly cpuMs: number;
  /** Highest resident set, bytes. */
  readonly peakRss: number;
}

/** A run that was measured while it went on. */
export interface MeasuredRun extends RunCost {
  /** Highest part of it seen that is no page of a file: what it has for itself, bytes. */
  readonly peakAnonymous: number;
}

/**
 * Runs a program to its end and measures it. Blocks this thread until then, so that its process entry cannot be reaped before
 * the last numbers are read from it. Throws, with what the program wrote to stderr, unless it exits with 0.
 */
export async function measureRun(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    /** File that receives stdout; discarded when absent. */
    readonly stdoutFile?: string;
    /**
     * How often the process is looked at in the beginning, ms, and less often as time passes; 0 looks without pause, for programs that
     * end within milliseconds.
     */
    readonly intervalMs: number;
    readonly stderrFile?: string;
  },
): Promise<MeasuredRun> {
  const out = openSync(options.stdoutFile ?? devNull, 'w');
  const err = openSync(options.stderrFile ?? devNull, 'w');
  try {
    const startedAt = performance.now();
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', out, err] });
    const { promise: closed, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals | null>();
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
    const usage = child.pid === undefined ? undefined : watchToTheEnd(child.pid, options.intervalMs);
    const wallMs = performance.now() - startedAt;
    const status = await closed;
    if (status !== 0 || usage === undefined) {
      const said = options.stderrFile === undefined ? '' : `:\n${readFileSync(options.stderrFile, 'utf8')}`;
      throw new Error(`${command} ${args.join(' ')} ended with ${status}${said}`);
    }
    return { wallMs, ...usage };
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

const clockTicksPerSecond = 100;

/**
 * Pauses grow to this part of the time that has passed: the end is known as exactly as it matters, and looking takes next to nothing
 * from a program that needs all processors.
 */
const shareOfElapsed = 1 / 250;

/** Looks at a child of ours until it is a zombie; see proc(5) for the fields. */
function watchToTheEnd(pid: number, intervalMs: number): Omit<MeasuredRun, 'wallMs'> {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const startedAt = performance.now();
  let peakRss = 0;
  let peakAnonymous = 0;
  for (;;) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bytes = (field: RegExp): number => Number(field.exec(status)?.[1] ?? 0) * 1024;
    peakRss = Math.max(peakRss, bytes(/^VmHWM:\s+(\d+) kB$/m));
    peakAnonymous = Math.max(peakAnonymous, bytes(/^RssAnon:\s+(\d+) kB$/m));
    if (/^State:\s+Z/m.test(status)) {
      // After the name in parentheses: state is field 3, utime 14, stime 15, and those of its own children 16 and 17.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return { cpuMs: (ticks * 1000) / clockTicksPerSecond, peakRss, peakAnonymous };
    }
    if (intervalMs > 0) {
      Atomics.wait(pause, 0, 0, Math.max(intervalMs, (performance.now() - startedAt) * shareOfElapsed));
    }
  }
}

/** The middle value; of an even number of values the lower of the two. Throws a RangeError when there are none. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) {
    throw new RangeError('the median of nothing');
  }
  return middle;
}
