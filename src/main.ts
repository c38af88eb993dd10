import process from 'node:process';
import { reportFor, run } from './cli/run.ts';
import { resultOutput } from './runtime/terminal/result-output.ts';
import { standardStream } from './runtime/terminal/standard-stream.ts';
import type { TextOutput } from './runtime/terminal/text-output.ts';

const argv = process.argv.slice(2);

/** Ends the process with an error; the only place that maps errors to text and exit code. */
function fail(error: unknown): never {
  const report = reportFor(error, argv);
  stderr.write(report.text);
  process.exit(report.exitCode);
}

/** Logs. What cannot be written is dropped: a terminal that has gone, or a full disk for logs, must not end a backup. */
function stderrOutput(): TextOutput {
  const stream = standardStream(process.stderr);
  return {
    write: (text) => stream.write(text, () => undefined),
    get isTerminal() {
      return process.stderr.isTTY === true;
    },
    get columns() {
      // Some terminals say 0 when they do not know.
      return process.stderr.columns || 80;
    },
  };
}

const stderr = stderrOutput();
const stdout = resultOutput(standardStream(process.stdout));
process.on('uncaughtException', fail);
// Without this, a command that waits for something that can no longer come would end with 0.
process.on('beforeExit', () => fail(new Error('nothing is left to wait for, and the command is not done')));

run({ argv, stdout, stderr, signals: process, abandon: (exitCode) => process.exit(exitCode) }).then(
  () => process.exit(0),
  fail,
);
