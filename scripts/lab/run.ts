import { execFile } from 'node:child_process';

/** What a finished command printed. */
export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly cwd?: string;
  /** Replaces the whole environment when given. */
  readonly env?: NodeJS.ProcessEnv;
  /** The command is killed after this many ms; default two minutes. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end. Rejects with the command line and everything it printed unless it exits with 0. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000 }: RunOptions = {},
): Promise<RunOutput> {
  const { promise, resolve, reject } = Promise.withResolvers<RunOutput>();
  execFile(
    command,
    args,
    { cwd, env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 },
    (error, stdout, stderr) => {
      if (error === null) {
        resolve({ stdout, stderr });
        return;
      }
      reject(new Error(`${command} ${args.join(' ')} failed:\n${stderr}${stdout}`.trimEnd(), { cause: error }));
    },
  );
  return await promise;
}
