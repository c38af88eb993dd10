import type { ValuesOf } from '../config/option.ts';
import type { loggingOptions } from '../config/options/logging.ts';
import type { Environment } from '../runtime/environment.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { createLogger } from '../runtime/log/pino-logger.ts';
import { Interrupted } from '../runtime/process/interrupted.ts';
import { watchSignals } from '../runtime/process/signals.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { systemClock } from '../runtime/system-clock.ts';
import type { Progress } from '../runtime/terminal/progress.ts';
import { type StatusLine, statusLine } from '../runtime/terminal/status-line.ts';
import type { Host } from './host.ts';

/** How long a command may take to end after the first signal where it does not say otherwise, ms. */
const usualGraceMs = 10_000;

/** What a command runs with: the context of operations, and the environment in which stores look for credentials. */
export interface CommandContext extends RunContext {
  readonly environment: Environment;
}

/** What one running command uses: log, progress, signals. */
export interface Session extends Disposable {
  readonly context: CommandContext;
}

/** Sets up logging, progress and signals as the options ask. `graceMs` is how long the end may take after the first signal. */
export async function openSession(
  logging: ValuesOf<(typeof loggingOptions)['options']>,
  host: Host,
  { graceMs = usualGraceMs }: { readonly graceMs?: number | undefined } = {},
): Promise<Session> {
  const clock = systemClock;
  const line = statusLine(host.stderr);
  const terminal = host.stderr.isTerminal;
  const log = createLogger({
    output: line,
    clock,
    format: logging.format === 'auto' ? (terminal ? 'text' : 'json') : logging.format,
    colour: terminal && !host.environment['NO_COLOR'] ? 'on' : 'off',
    level: logging.level,
    // The clock's monotonic time counts from the start of the process.
    startedAt: 0,
  });
  const watched = watchSignals({
    source: host.signals,
    clock,
    graceMs,
    onFirst: (signal) => log.info(`Received ${signal}, stopping; a second signal stops at once`),
    onForced: (signal, why) => {
      log.error(
        why === 'second signal'
          ? `Received ${signal} again, stopping at once; temporary files may remain`
          : `Not stopped ${graceMs / 1_000} s after ${signal}, giving up; temporary files may remain`,
      );
      host.abandon(new Interrupted(signal));
    },
  });
  return {
    context: {
      signal: watched.signal,
      clock,
      log,
      progress: await progressFor(line, log, host),
      environment: host.environment,
    },
    [Symbol.dispose]() {
      watched[Symbol.dispose]();
      line.show(undefined);
    },
  };
}

async function progressFor(line: StatusLine, log: Logger, host: Host): Promise<Progress> {
  if (!host.stderr.isTerminal) {
    const { logProgress } = await import('../runtime/terminal/log-progress.ts');
    return logProgress({ log, clock: systemClock });
  }
  const { terminalProgress } = await import('../runtime/terminal/terminal-progress.ts');
  return terminalProgress({ line, clock: systemClock });
}
