import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that runs while its caller goes on. */
export interface Child {
  readonly pid: number;
  /** Everything it wrote to stdout and stderr so far, in order of arrival. */
  output(): string;
  /** True from the moment its end was noticed. */
  hasExited(): boolean;
  /** Resolves when it has ended. */
  readonly exited: Promise<void>;
  /** Sends the signal and waits for the end; after `graceMs` (default 10 s) it is killed. */
  end(signal: NodeJS.Signals, options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * Starts a program that does not outlive this process: the kernel kills it when the parent dies, however that happens
 * (prctl(PR_SET_PDEATHSIG), set by setpriv from util-linux, which execs the program under the same pid).
 */
export function startChild(
  command: string,
  args: readonly string[],
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Child {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exited = whenExited(child);
  return {
    pid: child.pid ?? 0,
    output: () => Buffer.concat(chunks).toString('utf8'),
    hasExited: () => ended(child),
    exited,
    end: async (signal, { graceMs = 10_000 } = {}) => {
      if (ended(child)) {
        return;
      }
      child.kill(signal);
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(killer);
    },
  };
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function whenExited(child: ChildProcess): Promise<void> {
  const failed = once(child, 'error');
  await Promise.race([once(child, 'close'), failed]);
}
