import { EventEmitter } from 'node:events';
import { reportError, reportStyle } from '../../../src/cli/error-report.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { Environment } from '../../../src/runtime/environment.ts';

/** How a command line ended. */
export interface EndedRun {
  readonly stdout: string;
  /** Logs, and the line that `main` makes of an error. */
  readonly stderr: string;
  readonly exitCode: number;
}

/** A command line at work in this process. */
export interface RunInProcess {
  readonly ended: Promise<EndedRun>;
  /** What has been logged so far. */
  stderr(): string;
  signal(name: NodeJS.Signals): void;
}

/** Starts a command line in this process: many times faster than a process of its own, and its calls can be observed. */
export function startInProcess(argv: readonly string[], environment: Environment = {}): RunInProcess {
  const signals = new EventEmitter();
  let stdout = '';
  let stderr = '';
  const host = {
    argv,
    environment,
    stdout: {
      write: async (text: string | Uint8Array) => {
        stdout += typeof text === 'string' ? text : Buffer.from(text).toString();
      },
      isTerminal: false,
      columns: 80,
    },
    stderr: {
      write: (text: string) => {
        stderr += text;
      },
      isTerminal: false,
      columns: 80,
    },
    program: [],
    signals,
    abandon: () => {
      stderr += 'error: abandoned, as it did not end\n';
    },
  };
  const ended = runProgram(host).then(
    () => ({ stdout, stderr, exitCode: 0 }),
    (error: unknown) => {
      const { text, exitCode } = reportError(error, reportStyle(argv, environment));
      stderr += text;
      return { stdout, stderr, exitCode };
    },
  );
  return { ended, stderr: () => stderr, signal: (name) => void signals.emit(name, name) };
}
