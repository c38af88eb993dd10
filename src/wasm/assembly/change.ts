const REVISION_KEY_SIZE: u32 = 17;
const SEPARATOR: u8 = 0x5f;
const TOMBSTONE_MARK: u8 = 0x74;
const MOST_EXACT: u64 = 0x1fffffffffffff;

/** Bytes of the longest varint. */
const LONGEST_VARINT: i32 = 10;
const MOD_REVISION_TAG: u8 = 0x18;

/** Where the varint that was read last ends; 0 when there was none. */
let next: usize = 0;

/**
 * True when a record of the `key` bucket, its value right after its key, is a change as etcd writes it: see
 * `src/datadir/mvcc/check-changes.ts`. Returns false for tags that etcd does not use.
 */
export function isChange(key: usize, keySize: u32, valueSize: u32): bool {
  const tombstone = keySize === REVISION_KEY_SIZE + 1;
  if (keySize !== REVISION_KEY_SIZE && !(tombstone && load<u8>(key + REVISION_KEY_SIZE) === TOMBSTONE_MARK)) {
    return false;
  }
  const main = bswap<u64>(load<u64>(key));
  if (main > MOST_EXACT || load<u8>(key + 8) !== SEPARATOR || bswap<u64>(load<u64>(key + 9)) > MOST_EXACT) {
    return false;
  }
  const value = key + keySize;
  const end = value + valueSize;
  let modRevision: u64 = 0;
  for (let at = value; at < end; at = next) {
    const tag = load<u8>(at);
    const number = varint(at + 1, end);
    if (next === 0) {
      return false;
    }
    switch (tag) {
      case 0x0a:
      case 0x2a:
        if (number > <u64>(end - next)) {
          return false;
        }
        next += <usize>number;
        break;
      case MOD_REVISION_TAG:
        modRevision = number;
        break;
      case 0x10:
      case 0x20:
      case 0x30:
        break;
      default:
        return false;
    }
  }
  return tombstone ? modRevision <= MOST_EXACT : modRevision === main || valueSize === 0;
}

/** Reads a varint that ends before `end`, and moves {@link next} to its end. */
function varint(start: usize, end: usize): u64 {
  let value: u64 = 0;
  next = 0;
  for (let size = 0; size < LONGEST_VARINT && start + size < end; size++) {
    const byte = load<u8>(start + size);
    value |= (<u64>(byte & 0x7f)) << (size * 7);
    if (byte < 0x80) {
      next = start + size + 1;
      return value;
    }
  }
  return 0;
}
