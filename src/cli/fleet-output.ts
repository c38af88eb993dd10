import type { ValuesOf } from '../config/option.ts';
import type { fleetOutputOptions } from '../config/options/fleet.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { FleetReport } from '../operations/fleet/fleet-report.ts';
import { ReportFile } from '../operations/fleet/report-file.ts';
import { fleetTable } from './output/fleet.ts';
import { fleetHtml } from './output/fleet-html.ts';
import { fleetMetrics } from './output/fleet-metrics.ts';
import { formatReport } from './output/report.ts';

type FleetFormat = ValuesOf<(typeof fleetOutputOptions)['options']>['format'];

/** Where a report of a fleet is wanted: on stdout, and in files as well. */
export class FleetOutput {
  readonly #format: FleetFormat;
  readonly #htmlFile: ReportFile | undefined;
  readonly #prometheusFile: ReportFile | undefined;

  private constructor(parts: {
    readonly format: FleetFormat;
    readonly htmlFile: ReportFile | undefined;
    readonly prometheusFile: ReportFile | undefined;
  }) {
    this.#format = parts.format;
    this.#htmlFile = parts.htmlFile;
    this.#prometheusFile = parts.prometheusFile;
  }

  /** Looks whether all can be written, before hours of work. Throws a {@link UsageFailure}, or a Failure of a file. */
  static async open(options: ValuesOf<(typeof fleetOutputOptions)['options']>): Promise<FleetOutput> {
    const { format } = options;
    const htmlFile = options.htmlFile === undefined ? undefined : await ReportFile.at(options.htmlFile);
    const prometheusFile =
      options.prometheusFile === undefined ? undefined : await ReportFile.at(options.prometheusFile);
    if (htmlFile !== undefined && prometheusFile?.equals(htmlFile) === true) {
      throw new UsageFailure({
        action: 'use',
        object: '--prometheus-file',
        found: 'it is the file of --html-file',
        remedy: 'give two files',
      });
    }
    return new FleetOutput({ format, htmlFile, prometheusFile });
  }

  /** Writes a report everywhere. What cannot be written somewhere is written elsewhere all the same; throws the first failure then. */
  async write(report: FleetReport, print: (text: string) => Promise<void>): Promise<void> {
    const failures: unknown[] = [];
    for (const step of [
      async () => await this.#htmlFile?.write(fleetHtml(report)),
      async () => await this.#prometheusFile?.write(fleetMetrics(report)),
      async () => await print(await this.#text(report)),
    ]) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw failures[0];
    }
  }

  async #text(report: FleetReport): Promise<string> {
    switch (this.#format) {
      case 'html':
        return fleetHtml(report);
      case 'prometheus':
        return fleetMetrics(report);
      case 'text':
      case 'json':
      case 'yaml':
        return await formatReport(fleetTable(report), this.#format);
      default:
        return this.#format satisfies never;
    }
  }
}
