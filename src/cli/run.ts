import { processEnvironment } from '../config/environment.ts';
import { type ErrorReport, reportError, reportStyle } from './error-report.ts';
import type { HostProcess } from './host.ts';

/**
 * Runs the command line to its end; throws what made it fail.
 * Asking for the version loads nothing but this: containers do it at every start.
 */
export async function run(host: HostProcess): Promise<void> {
  const [word, ...rest] = host.argv;
  if (rest.length === 0 && (word === '--version' || word === '-v' || word === 'version')) {
    const { versionLines } = await import('./version.ts');
    host.stdout.write(`${versionLines().join('\n')}\n`);
    return;
  }
  const { runProgram } = await import('./program.ts');
  await runProgram({ ...host, environment: processEnvironment() });
}

/** What to write about an error that {@link run} threw, and the exit code, in the style the command line asks for. */
export function reportFor(error: unknown, argv: readonly string[]): ErrorReport {
  return reportError(error, reportStyle(argv, processEnvironment()));
}
