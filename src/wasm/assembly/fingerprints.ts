import { crcOfByte, prepareCrc } from './crc32c';

/** Words of what {@link fingerprintsOf} writes for a page before its fingerprints: number, overflow, keys, prefixes. */
export const PAGE_WORDS: u32 = 4;
/** Prefixes of a key that have fingerprints, as in `src/checksum/key-fingerprints.ts`. */
const MOST_PREFIXES: i32 = 8;
const SLASH: u8 = 0x2f;
const KEY_BITS: u32 = 0xffffff;
const KEY_TAG: u8 = 0x0a;
const VALUE_TAG: u8 = 0x2a;

/** The last fingerprints that were written of a page, so that most are written once; the first half is for keys. */
const SEEN: usize = memory.data(8 * 1024);
const SEEN_SLOTS: u32 = 512;
/** Tells what was seen in this page from what was seen in others. */
let stamp: u32 = 0;

/** The most words that a page with so many records takes. */
export function mostWords(count: u32): u32 {
  return PAGE_WORDS + count * (1 + <u32>MOST_PREFIXES);
}

/**
 * Writes page number, overflow, how many fingerprints of keys and of prefixes follow, and these, to `to`. The page is a sound leaf
 * with records of changes. `rest` has room for the fingerprints of its prefixes. Returns where it ends.
 */
export function fingerprintsOf(page: usize, id: u32, to: usize, rest: usize): usize {
  prepareCrc();
  stamp += 1;
  const count = <i32>load<u16>(page + 10);
  let keys: u32 = 0;
  let prefixes: u32 = 0;
  let next = to + ((<usize>PAGE_WORDS) << 2);
  for (let index = 0; index < count; index++) {
    const element = page + 16 + ((<usize>index) << 4);
    const value = element + <usize>load<u32>(element + 4) + <usize>load<u32>(element + 8);
    const end = value + <usize>load<u32>(element + 12);
    // The last field of a kind counts, in whatever order they are.
    let key: usize = value;
    let keyEnd: usize = value;
    for (let at = value; at < end; ) {
      const tag = load<u8>(at);
      let number: usize = 0;
      at += 1;
      for (let shift: usize = 0; ; shift += 7) {
        const byte = load<u8>(at++);
        number |= (<usize>(byte & 0x7f)) << shift;
        if (byte < 0x80) {
          break;
        }
      }
      if (tag === KEY_TAG) {
        key = at;
        keyEnd = at + number;
      }
      if (tag === KEY_TAG || tag === VALUE_TAG) {
        at += number;
      }
    }
    let sum: u32 = ~0;
    let found = 0;
    for (let at = key; at < keyEnd; at++) {
      const byte = load<u8>(at);
      sum = crcOfByte(sum, byte);
      if (byte === SLASH && found < MOST_PREFIXES) {
        found += 1;
        if (isNew(~sum, SEEN_SLOTS)) {
          store<u32>(rest + ((<usize>prefixes) << 2), ~sum);
          prefixes += 1;
        }
      }
    }
    const whole = ~sum & KEY_BITS;
    if (isNew(whole, 0)) {
      store<u32>(next, whole);
      next += 4;
      keys += 1;
    }
  }
  memory.copy(next, rest, (<usize>prefixes) << 2);
  store<u32>(to, id);
  store<u32>(to, load<u32>(page + 12), 4);
  store<u32>(to, keys, 8);
  store<u32>(to, prefixes, 12);
  return next + ((<usize>prefixes) << 2);
}

/** False when it is known to be written already. */
function isNew(fingerprint: u32, firstSlot: u32): bool {
  const slot = SEEN + ((<usize>(firstSlot + (fingerprint & (SEEN_SLOTS - 1)))) << 3);
  if (load<u32>(slot) === stamp && load<u32>(slot, 4) === fingerprint) {
    return false;
  }
  store<u32>(slot, stamp);
  store<u32>(slot, fingerprint, 4);
  return true;
}
