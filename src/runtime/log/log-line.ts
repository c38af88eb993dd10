import { oneLine } from './error-text.ts';
import { printable, printableJson } from './printable.ts';

/** The parts of one log line. */
export interface LogRecord {
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Since the program started, ms. */
  readonly elapsedMs: number;
}

/** Messages with fields are padded to this width, so that the fields of neighbouring lines are aligned. */
const messageWidth = 44;

const colours: Readonly<Record<string, number>> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31, fatal: 31 };

/** A log line for people: `INFO[0018] Successfully saved full snapshot at: NAME   actor=snapshotter`, without newline. */
export function formatLogLine(record: LogRecord, style: { readonly colour: 'on' | 'off' }): string {
  const paint = (text: string): string =>
    style.colour === 'on' ? `\u001b[${colours[record.level] ?? 0}m${text}\u001b[0m` : text;
  const level = record.level.toUpperCase().slice(0, 4).padEnd(4);
  const seconds = String(Math.floor(record.elapsedMs / 1_000)).padStart(4, '0');
  const fields = Object.entries(record.fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint(name)}=${fieldText(value)}`);
  const text = oneLine(record.text);
  const message = fields.length === 0 ? text : `${text.padEnd(messageWidth)} ${fields.join(' ')}`;
  return `${paint(level)}[${seconds}] ${message}`;
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) && printable(text) === text && (typeof value !== 'object' || value === null)
    ? text
    : printableJson(JSON.stringify(text));
}
