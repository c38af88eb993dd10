import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { env, execPath, getuid } from 'node:process';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../../scripts/lab/compile-cache.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';

/** How a run of the program ended. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** A run of the program that goes on. */
export interface Running {
  readonly pid: number;
  /** What has arrived on stderr so far. */
  stderr(): string;
  /** Resolves when stderr matches; fails when the program ends before. */
  saw(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Closes our end of stdout, as `head` does. */
  closeStdout(): void;
  readonly finished: Promise<Finished>;
}

/** How to run the program. */
export interface RunOptions {
  /** On top of an environment of PATH, HOME, TZ=UTC and {@link compileCache} only. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of the runtime, before the program, which is run from source then. */
  readonly nodeArguments?: readonly string[];
  /** A line of sh in which "$@" is the program, for redirections and limits: `exec "$@" >/dev/full`. */
  readonly shell?: string;
  /** `none` puts {@link unprivileged} before the program. */
  readonly privileges?: 'none' | 'own';
}

/** A home directory of its own and the program in it; both are gone at the end of the `using` scope. */
export interface Rig extends AsyncDisposable {
  readonly home: TempDir;
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** The same with a terminal of 100 columns for stdout and stderr; what it shows is in `stdout`. */
  runOnTerminal(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** As {@link runOnTerminal}; what is killed is the terminal. */
  startOnTerminal(args: readonly string[], options?: RunOptions): Running;
}

const source = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The executable under test, from `TEST_ETCDBRCTL`; undefined when the program is run from source. */
export const executable: string | undefined = env['TEST_ETCDBRCTL'] || undefined;

/** The words that start it. */
export const programUnderTest: readonly string[] = executable === undefined ? [execPath, source] : [executable];

/** What to put before a command so that root cannot read every file; empty where the tests do not run as root. */
export const unprivileged: readonly string[] =
  getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

/** Longer than any test run of the program lasts, ms. */
const patienceMs = 60_000;

/** A rig for one test. Runs `src/main.ts`, or the executable that `TEST_ETCDBRCTL` names. */
export function makeRig(): Rig {
  const home = makeTempDir();
  const live = new Set<Running>();
  const launched = (command: readonly string[], options: RunOptions): Running => {
    const running = launch(home.path, command, options);
    live.add(running);
    const ended = (): boolean => live.delete(running);
    running.finished.then(ended, ended);
    return running;
  };
  const start = (args: readonly string[], options: RunOptions = {}): Running =>
    launched(commandLine(args, options), options);
  const startOnTerminal = (args: readonly string[], options: RunOptions = {}): Running => {
    const quoted = commandLine(args, options).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const inTerminal = `stty cols 100; exec ${quoted.join(' ')}`;
    return launched(['script', '--quiet', '--return', '--command', inTerminal, '/dev/null'], options);
  };
  return {
    home,
    start,
    startOnTerminal,
    run: (args, options) => start(args, options).finished,
    runOnTerminal: (args, options) => startOnTerminal(args, options).finished,
    async [Symbol.asyncDispose]() {
      for (const running of live) {
        running.kill('SIGKILL');
        await running.finished;
      }
      home[Symbol.dispose]();
    },
  };
}

function commandLine(args: readonly string[], options: RunOptions): readonly string[] {
  const { nodeArguments } = options;
  const program = nodeArguments === undefined ? programUnderTest : [execPath, ...nodeArguments, source];
  const shell = options.shell === undefined ? [] : ['sh', '-c', options.shell, 'sh'];
  return [...(options.privileges === 'none' ? unprivileged : []), ...shell, ...program, ...args];
}

function launch(home: string, [command = '', ...args]: readonly string[], options: RunOptions): Running {
  const child = spawn(command, args, {
    cwd: home,
    env: { PATH: env['PATH'], HOME: home, TZ: 'UTC', ...compileCache, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = once(child, 'close').then(() => ({
    stdout,
    stderr,
    exitCode: child.exitCode ?? undefined,
    signal: child.signalCode ?? undefined,
  }));
  return {
    pid: child.pid ?? 0,
    stderr: () => stderr,
    saw: (pattern) => seen(pattern, () => ({ stderr, ended: child.exitCode !== null || child.signalCode !== null })),
    kill: (signal) => {
      child.kill(signal);
    },
    closeStdout: () => {
      child.stdout.destroy();
    },
    finished,
  };
}

async function seen(pattern: RegExp, look: () => { readonly stderr: string; readonly ended: boolean }): Promise<void> {
  await eventually(
    () => {
      const { stderr, ended } = look();
      if (pattern.test(stderr)) {
        return true;
      }
      if (ended) {
        throw new Error(`the program ended before ${pattern}:\n${stderr}`);
      }
      return undefined;
    },
    { timeoutMs: patienceMs, describe: () => `never saw ${pattern} in:\n${look().stderr}` },
  );
}
