import { type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from '../clock.ts';
import type { StatusLine } from '../terminal/status-line.ts';
import { writableFields } from './log-fields.ts';
import { formatLogLine } from './log-line.ts';
import type { LogFields, Logger } from './logger.ts';
import { printableJson } from './printable.ts';
import { rfc3339 } from './rfc3339.ts';

/** How and where a logger writes. */
export interface LoggerOptions {
  readonly output: StatusLine;
  readonly clock: Clock;
  readonly format: 'text' | 'json';
  readonly colour: 'on' | 'off';
  /** 0 panic, 1 fatal, 2 error, 3 warn, 4 info, 5 debug, 6 trace. */
  readonly level: number;
  /** The clock's monotonic time at which elapsed seconds begin. */
  readonly startedAt: number;
}

const levels = ['fatal', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/**
 * A logger on pino that writes each line before the call returns.
 * It has none of pino's transports: they load their worker from a file, which a single executable does not have.
 */
export function createLogger(options: LoggerOptions): Logger {
  const write =
    options.format === 'json'
      ? (line: string) => options.output.print(printableJson(line))
      : (line: string) => options.output.print(`${textLine(line, options)}\n`);
  const logger = pino(
    {
      base: null,
      level: levels[options.level] ?? 'info',
      timestamp: () => `,"time":"${rfc3339(options.clock.now())}"`,
      serializers: { err: (value: unknown) => value },
      formatters: {
        level: (label) => ({ level: label }),
        log: writableFields,
      },
    },
    { write },
  );
  return loggerOn(logger, {});
}

/**
 * A logger that adds `common` to each line. Children of pino's own would write a name twice where theirs or a line's fields have
 * it too, and many readers of JSON refuse that; here what is nearer to the line wins.
 */
function loggerOn(target: PinoLogger, common: LogFields): Logger {
  const at =
    (level: 'error' | 'warn' | 'info' | 'debug') =>
    (fieldsOrText: LogFields | string, text?: string): void =>
      typeof fieldsOrText === 'string'
        ? target[level](common, fieldsOrText)
        : target[level]({ ...common, ...fieldsOrText }, text);
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => loggerOn(target, { ...common, ...fields }),
  };
}

function textLine(line: string, options: LoggerOptions): string {
  const { level, time: _time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return formatLogLine(
    {
      level: String(level),
      text: String(msg ?? ''),
      fields,
      elapsedMs: options.clock.monotonic() - options.startedAt,
    },
    { colour: options.colour },
  );
}
