import type { LogFields, Logger } from '../../../src/runtime/log/logger.ts';

/** One line that was logged. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly text: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines; children write into the same list. */
export class RecordedLog implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  /** Texts of all lines. */
  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  /** How many lines match. */
  count(pattern: RegExp): number {
    return this.texts.filter((text) => pattern.test(text)).length;
  }

  error(...line: LogArguments): void {
    this.#add('error', line);
  }

  warn(...line: LogArguments): void {
    this.#add('warn', line);
  }

  info(...line: LogArguments): void {
    this.#add('info', line);
  }

  debug(...line: LogArguments): void {
    this.#add('debug', line);
  }

  child(fields: LogFields): Logger {
    return new RecordedLog(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: LogLine['level'], [first, second]: LogArguments): void {
    const text = typeof first === 'string' ? first : (second ?? '');
    const fields = typeof first === 'string' ? {} : first;
    this.lines.push({ level, text, fields: { ...this.#fields, ...fields } });
  }
}

type LogArguments = readonly [fields: LogFields, text: string] | readonly [text: string];
