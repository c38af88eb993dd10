import { env } from 'node:process';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { type RunOutput, run } from '../../../scripts/lab/run.ts';

/** The program that is played with: the executable, or what `TEST_ETCDBRCTL` names, such as `bin/etcdbrctl-from-source`. */
export function programCommand(args: readonly string[]): readonly string[] {
  return [env['TEST_ETCDBRCTL'] || builtExecutable(), ...args];
}

/** What every run of the program is given of the environment. */
export const programEnvironment = { PATH: env['PATH'], TZ: 'UTC', ...compileCache } as const;

/** Runs the program to its end; rejects with all that it printed unless it exits with 0. */
export async function runProgram(
  args: readonly string[],
  { home, more }: { readonly home: string; readonly more: Readonly<Record<string, string>> },
): Promise<RunOutput> {
  const [command = '', ...rest] = programCommand(args);
  return await run(command, rest, { cwd: home, env: { ...programEnvironment, HOME: home, ...more } });
}
