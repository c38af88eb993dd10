import { failureOf } from '../operations/fleet/fleet-failure.ts';
import type { FleetReport } from '../operations/fleet/fleet-report.ts';
import type { FleetOutput } from './fleet-output.ts';

/** Writes a report of a fleet, and then throws what has to be noticed. */
export async function printFleet(
  report: FleetReport,
  output: FleetOutput,
  { print, needsShards }: { readonly print: (text: string) => Promise<void>; readonly needsShards: boolean },
): Promise<void> {
  await output.write(report, print);
  const failure = failureOf(report, { needsShards });
  if (failure !== undefined) {
    throw failure;
  }
}
