import { printable, printableJson } from '../../runtime/log/printable.ts';
import { keyValueLines } from './report.ts';

/** A result for people and for scripts. */
export interface PrintableResult {
  /** Label and value of each line; lines without a value are left out. */
  readonly lines: readonly (readonly [label: string, value: string | undefined])[];
  /** What `-o json` prints, on one line. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** A result as text for stdout. */
export function formatResult(result: PrintableResult, format: 'text' | 'json'): string {
  if (format === 'json') {
    return `${printableJson(JSON.stringify(result.json))}\n`;
  }
  return keyValueLines(result.lines)
    .map((line) => `${printable(line)}\n`)
    .join('');
}

/** An id as etcd writes it. */
export function formatId(id: bigint): string {
  return id.toString(16);
}
