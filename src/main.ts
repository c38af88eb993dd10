import process from 'node:process';
import { isSea } from 'node:sea';
import { reportFor, run } from './cli/run.ts';
import { HeldSignals } from './runtime/process/held-signals.ts';
import { Interrupted } from './runtime/process/interrupted.ts';
import { pendingThreadWork } from './runtime/process/pending-thread-work.ts';
import { systemClock } from './runtime/system-clock.ts';
import { resultOutput } from './runtime/terminal/result-output.ts';
import { standardStream } from './runtime/terminal/standard-stream.ts';
import type { TextOutput } from './runtime/terminal/text-output.ts';

const argv = process.argv.slice(2);
const program = [process.execPath, ...(isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''])];

/**
 * How long an end waits for requests of files and of host names, ms: they may be on their way to succeed. A resolver that does not answer
 * gives up after 10 s, and then a program that is done ends as one that is done. A forced end waits for workers as well: most are about to
 * be stopped, and then the exit code is that of the signal.
 */
const patience = { afterSuccess: 11_000, afterFailure: 5_000, forced: 1_000 } as const;
const pauseMs = 10;
/** How long a signal waits for a command that listens, ms. */
const unheardMs = 10_000;

let isTold = false;

/** Says why the process ends, in its last line; the only place that maps errors to text and exit code, which it gives. */
function tell(error: unknown): number {
  const report = reportFor(error, argv);
  if (!isTold) {
    isTold = true;
    stderr.write(report.text);
  }
  return report.exitCode;
}

/** Ends the process with an error. */
function fail(error: unknown): void {
  const exitCode = tell(error);
  end(() => exitCode, 'afterFailure');
}

/** Ends the process at once, whatever goes on; what is logged meanwhile does not hide why. */
function abandon(reason: Interrupted): void {
  end(() => tell(reason), 'forced');
}

/**
 * Ends the process. `process.exit` waits for threads: when one of them hangs in a request to the system, only SIGKILL ends it.
 * Workers are stopped by an exit, unless they hang as well, which a forced end does not find out.
 */
function end(exitCode: () => number, why: keyof typeof patience): void {
  const waitUntil = performance.now() + patience[why];
  const tryToEnd = (): void => {
    const work = pendingThreadWork(process.getActiveResourcesInfo());
    if (work === 'none' || (work === 'workers' && why !== 'forced')) {
      process.exit(exitCode());
    }
    if (performance.now() >= waitUntil) {
      exitCode();
      process.kill(process.pid, 'SIGKILL');
      // Still here: the first process of a container cannot kill itself.
      process.abort();
    }
    setTimeout(tryToEnd, pauseMs);
  };
  tryToEnd();
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
const signals = new HeldSignals({
  source: process,
  clock: systemClock,
  graceMs: unheardMs,
  onForced: (signal) => abandon(new Interrupted(signal)),
});
process.on('uncaughtException', fail);
// Without this, a command that waits for something that can no longer come would end with 0.
process.on('beforeExit', () => fail(new Error('nothing is left to wait for, and the command is not done')));
// By default it opens a debugger, or, where that is switched off, ends the process. Daemons get it from log rotation.
process.on('SIGUSR1', () => undefined);

run({ argv, program, stdout, stderr, signals, abandon }).then(() => {
  signals.done();
  end(() => 0, 'afterSuccess');
}, fail);
