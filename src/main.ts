import process from 'node:process';
import type { WriteStream } from 'node:tty';
import { reportFor, run } from './cli/run.ts';
import type { TextOutput } from './runtime/terminal/text-output.ts';

const argv = process.argv.slice(2);

/** Ends the process with an error; the only place that maps errors to text and exit code. */
function fail(error: unknown): never {
  const report = reportFor(error, argv);
  stderr.write(report.text);
  process.exit(report.exitCode);
}

/** A standard stream. When its reader has gone, as `head` does, further text is dropped silently. */
function output(stream: WriteStream): TextOutput {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      fail(error);
    }
  });
  return {
    write: (text) => {
      stream.write(text);
    },
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      // Some terminals say 0 when they do not know.
      return stream.columns || 80;
    },
  };
}

const stderr = output(process.stderr);
const stdout = output(process.stdout);
process.on('uncaughtException', fail);

run({ argv, stdout, stderr, signals: process, abandon: (exitCode) => process.exit(exitCode) }).then(
  // The callback of this write runs when everything before it has been written.
  () => process.stdout.write('', () => process.exit(0)),
  fail,
);
