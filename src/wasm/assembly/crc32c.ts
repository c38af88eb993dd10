/** Sixteen tables of 256 words, as in `src/checksum/crc32c.ts`: 16 bytes a round. */
const TABLES: usize = 0x34000;
export const CRC_TABLES_END: usize = TABLES + 0x4000;
const POLYNOMIAL: u32 = 0x82f63b78;

let ready = false;

/** Extends the CRC-32C `crc` (0 to begin) by the bytes from `start` up to `end`. */
export function crc32c(crc: u32, start: usize, end: usize): u32 {
  prepareCrc();
  let sum = ~crc;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const a = load<u32>(at) ^ sum;
    const b = load<u32>(at, 4);
    const c = load<u32>(at, 8);
    const d = load<u32>(at, 12);
    sum = word(a, 12) ^ word(b, 8) ^ word(c, 4) ^ word(d, 0);
  }
  for (; at < end; at++) {
    sum = (sum >>> 8) ^ entry(0, (sum ^ load<u8>(at)) & 0xff);
  }
  return ~sum;
}

/** Has to be called before {@link crcOfByte}. */
export function prepareCrc(): void {
  if (!ready) {
    buildTables();
    ready = true;
  }
}

/** The sum, which begins with ~0 and is inverted in the end, after one more byte. */
export function crcOfByte(sum: u32, byte: u8): u32 {
  return (sum >>> 8) ^ entry(0, (sum ^ byte) & 0xff);
}

/** The sum of four bytes that `after` others of their round follow. */
function word(bytes: u32, after: u32): u32 {
  return (
    entry(after + 3, bytes & 0xff) ^
    entry(after + 2, (bytes >>> 8) & 0xff) ^
    entry(after + 1, (bytes >>> 16) & 0xff) ^
    entry(after, bytes >>> 24)
  );
}

function entry(table: u32, byte: u32): u32 {
  return load<u32>(TABLES + ((<usize>table) << 10) + ((<usize>byte) << 2));
}

function buildTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    }
    store<u32>(TABLES + ((<usize>byte) << 2), crc);
  }
  for (let at: usize = TABLES + 0x400; at < CRC_TABLES_END; at += 4) {
    const previous = load<u32>(at - 0x400);
    store<u32>(at, (previous >>> 8) ^ entry(0, previous & 0xff));
  }
}
