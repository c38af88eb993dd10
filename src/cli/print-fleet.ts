import type { ValuesOf } from '../config/option.ts';
import type { fleetOutputOptions } from '../config/options/fleet.ts';
import { failureOf } from '../operations/fleet/fleet-failure.ts';
import type { FleetReport } from '../operations/fleet/fleet-report.ts';
import { writeReport } from '../operations/fleet/write-report.ts';
import { fleetTable } from './output/fleet.ts';
import { fleetHtml } from './output/fleet-html.ts';
import { fleetMetrics } from './output/fleet-metrics.ts';
import { formatReport } from './output/report.ts';

/** Prints a report of a fleet, writes the files that are wanted, and then throws what has to be noticed. */
export async function printFleet(
  report: FleetReport,
  { format, htmlFile, prometheusFile }: ValuesOf<(typeof fleetOutputOptions)['options']>,
  { print, needsShards }: { readonly print: (text: string) => Promise<void>; readonly needsShards: boolean },
): Promise<void> {
  if (htmlFile !== undefined) {
    await writeReport(htmlFile, fleetHtml(report));
  }
  if (prometheusFile !== undefined) {
    await writeReport(prometheusFile, fleetMetrics(report));
  }
  switch (format) {
    case 'html':
      await print(fleetHtml(report));
      break;
    case 'prometheus':
      await print(fleetMetrics(report));
      break;
    case 'text':
    case 'json':
    case 'yaml':
      await print(await formatReport(fleetTable(report), format));
      break;
    default:
      return format satisfies never;
  }
  const failure = failureOf(report, { needsShards });
  if (failure !== undefined) {
    throw failure;
  }
}
