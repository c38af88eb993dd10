import { printableJson } from '../../runtime/log/printable.ts';
import { keyData, keyText } from './key-text.ts';

/** A key of a listing. */
export interface ListedKey {
  readonly key: Uint8Array;
  readonly main: number;
  readonly createRevision: number;
  readonly version: number;
  /** Bytes of the value. */
  readonly size: number;
}

/** Keys below one path. */
export interface ListedGroup {
  readonly path: Uint8Array;
  readonly keys: number;
  /** Bytes of the values. */
  readonly bytes: number;
}

type Format = 'text' | 'json';

/** Keys as a table, or as a line of JSON each. Rows come one by one: columns have a fixed width. */
export function* keyRows(keys: Iterable<ListedKey>, format: Format): Generator<string, void> {
  if (format === 'text') {
    yield `${right('SIZE', 10)}  ${right('REVISION', 12)}  KEY`;
  }
  for (const { key, main, createRevision, version, size } of keys) {
    yield format === 'json'
      ? printableJson(JSON.stringify({ ...keyData(key), size, revision: main, createRevision, version }))
      : `${right(size, 10)}  ${right(main, 12)}  ${keyText(key)}`;
  }
}

/** Groups of keys in the same way. */
export function* groupRows(groups: Iterable<ListedGroup>, format: Format): Generator<string, void> {
  if (format === 'text') {
    yield `${right('KEYS', 10)}  ${right('SIZE', 14)}  PATH`;
  }
  for (const { path, keys, bytes } of groups) {
    yield format === 'json'
      ? printableJson(JSON.stringify({ ...pathData(path), keys, size: bytes }))
      : `${right(keys, 10)}  ${right(bytes, 14)}  ${keyText(path)}`;
  }
}

function pathData(path: Uint8Array): Readonly<Record<string, string>> {
  const { key, keyBase64 = '' } = keyData(path);
  return key === undefined ? { pathBase64: keyBase64 } : { path: key };
}

function right(cell: string | number, width: number): string {
  return String(cell).padStart(width);
}
