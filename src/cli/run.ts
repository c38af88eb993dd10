import { processEnvironment } from '../config/environment.ts';
import { type ErrorReport, reportError, reportStyle } from './error-report.ts';
import type { HostProcess } from './host.ts';

/**
 * Runs the command line to its end; throws what made it fail.
 * `--version` loads nothing else: containers ask for it at every start.
 */
export async function run(host: HostProcess): Promise<void> {
  const [word, ...rest] = host.argv;
  if (rest.length === 0 && (word === '--version' || word === '-v' || word === 'version')) {
    const { versionLines } = await import('./version.ts');
    await host.stdout.write(`${versionLines().join('\n')}\n`);
    return;
  }
  const { runProgram } = await import('./program.ts');
  await runProgram({ ...host, environment: processEnvironment() });
}

/** The report of an error that {@link run} threw, in the style that the command line asks for. */
export function reportFor(error: unknown, argv: readonly string[]): ErrorReport {
  return reportError(error, reportStyle(argv, processEnvironment()));
}
