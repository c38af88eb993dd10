import { execFileSync } from 'node:child_process';
import type { TempDir } from '../../scripts/lab/temp-dir.ts';
import { measureRun, median, type RunCost } from '../support/processes/measured-run.ts';
import type { DataSet } from './data-set.ts';
import type { Row } from './table.ts';

/** What every operation is given. */
export interface Bench {
  /** Built when it is asked for the first time. */
  readonly data: () => Promise<DataSet>;
  readonly scratch: TempDir;
  /** Measured runs of each command, after one that only warms up. */
  readonly runs: number;
  /** Path of the Go program, when its numbers are wanted too. */
  readonly reference: string | undefined;
  /** Bytes that go through stores. */
  readonly storeBytes: number;
}

/** A command line; `prepare` runs before each start and is not measured. */
export interface Command {
  readonly program: string;
  /** The same each time, or made for each run, counted from 0. */
  readonly args: readonly string[] | ((run: number) => readonly string[]);
  readonly prepare?: () => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdoutFile?: string;
  readonly intervalMs?: number;
}

/** Runs a command several times; the median of each number. */
export async function measure({ runs, scratch }: Bench, command: Command): Promise<RunCost> {
  const results: RunCost[] = [];
  for (let turn = 0; turn <= runs; turn++) {
    command.prepare?.();
    // What was written before would be brought to the disk at the expense of what is measured now.
    execFileSync('sync');
    const args = typeof command.args === 'function' ? command.args(turn) : command.args;
    const result = await measureRun(command.program, args, {
      env: command.env ?? {},
      cwd: scratch.path,
      intervalMs: command.intervalMs ?? 2,
      stderrFile: scratch.join('stderr'),
      ...(command.stdoutFile === undefined ? {} : { stdoutFile: command.stdoutFile }),
    });
    if (turn > 0) {
      results.push(result);
    }
  }
  return {
    wallMs: median(results.map(({ wallMs }) => wallMs)),
    cpuMs: median(results.map(({ cpuMs }) => cpuMs)),
    peakRss: median(results.map(({ peakRss }) => peakRss)),
  };
}

/** A row of the table; `floorMs` is what its ratio is to. */
export function row(operation: string, result: RunCost, floorMs?: number): Row {
  return { operation, ...result, floorMs };
}
