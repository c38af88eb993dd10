import type { Clock } from '../../../src/runtime/clock.ts';
import type { LogFields, Logger } from '../../../src/runtime/log/logger.ts';
import type { RunContext } from '../../../src/runtime/run-context.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';

/** One line that was logged. */
export interface LoggedLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly fields: LogFields;
  readonly text: string;
}

/** A context whose clock never waits and whose log lines are kept. */
export interface RecordedContext extends RunContext {
  readonly lines: readonly LoggedLine[];
  /** What was slept, ms. */
  readonly sleeps: readonly number[];
}

/** A context for tests of operations. */
export function recordedContext(signal: AbortSignal = new AbortController().signal): RecordedContext {
  const lines: LoggedLine[] = [];
  const sleeps: number[] = [];
  let now = 1_795_251_600_000;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      sleeps.push(ms);
      now += ms;
      return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
  };
  return { signal, clock, log: recordingLogger(lines, {}), progress: silentProgress, lines, sleeps };
}

function recordingLogger(lines: LoggedLine[], bound: LogFields): Logger {
  const at =
    (level: LoggedLine['level']) =>
    (first: LogFields | string, text?: string): void => {
      const fields = typeof first === 'string' ? {} : first;
      lines.push({ level, fields: { ...bound, ...fields }, text: text ?? String(first) });
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => recordingLogger(lines, { ...bound, ...fields }),
  };
}
