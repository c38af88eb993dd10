/**
 * Keys of etcd's `key` bucket: the revision of a change, and its place within the transaction.
 *
 * ```
 * byte  size  field
 *    0     8  main revision, big-endian int64
 *    8     1  '_'
 *    9     8  sub revision, big-endian int64, from 0
 *   17     1  't' when the change is a delete (a tombstone); absent otherwise
 * ```
 *
 * The values of `finishedCompactRev` and `scheduledCompactRev` in the `meta` bucket have the same form, 17 bytes.
 * Source: etcd server/storage/mvcc/revision.go.
 */
export const REVISION_KEY_SIZE = 17;

const SEPARATOR = 0x5f;
const TOMBSTONE_MARK = 0x74;
const WORD = 2 ** 32;

/** One change in etcd's history. Sub revisions order the changes of one transaction. */
export interface ChangeRevision {
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
}

/** Reads a revision key from `start` up to `end`; undefined when the bytes have another form or a number is above 2^53 - 1. */
export function decodeRevisionKey(bytes: Uint8Array, start = 0, end = bytes.length): ChangeRevision | undefined {
  const tombstone = end - start === REVISION_KEY_SIZE + 1;
  if (end - start !== REVISION_KEY_SIZE && !(tombstone && bytes[start + REVISION_KEY_SIZE] === TOMBSTONE_MARK)) {
    return undefined;
  }
  const main = readU64(bytes, start);
  const sub = readU64(bytes, start + 9);
  if (bytes[start + 8] !== SEPARATOR || !Number.isSafeInteger(main) || !Number.isSafeInteger(sub)) {
    return undefined;
  }
  return { main, sub, tombstone };
}

/** Writes a revision key at `at` and returns where it ends. The buffer must have room for 18 bytes. */
export function encodeRevisionKey(target: Uint8Array, at: number, change: ChangeRevision): number {
  writeU64(target, at, change.main);
  target[at + 8] = SEPARATOR;
  writeU64(target, at + 9, change.sub);
  if (!change.tombstone) {
    return at + REVISION_KEY_SIZE;
  }
  target[at + REVISION_KEY_SIZE] = TOMBSTONE_MARK;
  return at + REVISION_KEY_SIZE + 1;
}

function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * WORD + readU32(bytes, at + 4);
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

function writeU64(target: Uint8Array, at: number, value: number): void {
  writeU32(target, at, Math.floor(value / WORD));
  writeU32(target, at + 4, value % WORD);
}

function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
