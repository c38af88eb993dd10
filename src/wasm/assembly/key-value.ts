/** Most bytes that a record has in addition to its key and value: revision, tags, lengths and numbers. */
export const RECORD_OVERHEAD: usize = 128;

/** Bytes of a revision key, without the mark of a tombstone. */
const REVISION_KEY_SIZE: usize = 17;
const SEPARATOR: u8 = 0x5f;
const TOMBSTONE_MARK: u8 = 0x74;

/** Writes the key of a record and returns where it ends; the form is that of `src/datadir/mvcc/revision-key.ts`. */
export function writeRevisionKey(to: usize, main: i64, sub: i32, tombstone: bool): usize {
  store<u64>(to, bswap<u64>(<u64>main));
  store<u8>(to + 8, SEPARATOR);
  store<u64>(to + 9, bswap<u64>(<u64>sub));
  if (!tombstone) {
    return to + REVISION_KEY_SIZE;
  }
  store<u8>(to + REVISION_KEY_SIZE, TOMBSTONE_MARK);
  return to + REVISION_KEY_SIZE + 1;
}

/** Writes a tag of one byte and a number as a varint, and returns where they end. */
export function writeNumber(to: usize, tag: u8, value: u64): usize {
  store<u8>(to, tag);
  let next = to + 1;
  let rest = value;
  for (; rest >= 0x80; rest >>= 7) {
    store<u8>(next, <u8>rest | 0x80);
    next += 1;
  }
  store<u8>(next, <u8>rest);
  return next + 1;
}
