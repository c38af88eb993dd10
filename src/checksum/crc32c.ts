/**
 * CRC-32C (Castagnoli, reflected), the checksum of etcd's WAL and .snap files and of its hashes, which Google Cloud Storage
 * and S3 keep of objects too.
 */
const POLYNOMIAL = 0x82f63b78;

/** Sixteen tables let the loop take sixteen bytes a round. */
const TABLES: Int32Array = buildTables();

/** For a byte at a time: what the lowest byte of the sum becomes. */
export const crc32cTable: Int32Array = TABLES.subarray(0, 256);

/** From this size on, a DataView's faster reads outweigh making it, bytes. */
const LONG = 1024;

function buildTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    }
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = tables[index - 256] ?? 0;
    tables[index] = (previous >>> 8) ^ (tables[previous & 0xff] ?? 0);
  }
  return tables;
}

/**
 * Extends the checksum `crc` (0 to begin) by the bytes from `start` up to `end`.
 * `crc32c(crc32c(0, a), b)` is the checksum of a followed by b. The result is unsigned.
 */
export function crc32c(crc: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (start < 0 || end > bytes.length || start > end) {
    throw new RangeError(`bytes ${start} to ${end} are not within ${bytes.length} bytes`);
  }
  let sum = ~crc;
  let at = start;
  if (end - start >= LONG) {
    at = end - ((end - start) % 16);
    sum = rounds(sum, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start, at);
  }
  for (; at + 8 <= end; at += 8) {
    sum ^= byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24);
    sum =
      entry(0x700 | (sum & 0xff)) ^
      entry(0x600 | ((sum >>> 8) & 0xff)) ^
      entry(0x500 | ((sum >>> 16) & 0xff)) ^
      entry(0x400 | (sum >>> 24)) ^
      entry(0x300 | byte(bytes, at + 4)) ^
      entry(0x200 | byte(bytes, at + 5)) ^
      entry(0x100 | byte(bytes, at + 6)) ^
      entry(byte(bytes, at + 7));
  }
  for (; at < end; at++) {
    sum = (sum >>> 8) ^ entry((sum ^ byte(bytes, at)) & 0xff);
  }
  return ~sum >>> 0;
}

/** {@link crc32c} of the bytes from `start` up to `end` of a view that exists already. */
export function crc32cOfView(crc: number, view: DataView, start: number, end: number): number {
  const whole = end - ((end - start) % 16);
  let sum = rounds(~crc, view, start, whole);
  for (let at = whole; at < end; at++) {
    sum = (sum >>> 8) ^ entry((sum ^ view.getUint8(at)) & 0xff);
  }
  return ~sum >>> 0;
}

/**
 * The checksum of some bytes followed by `secondLength` others, from their checksums `first` and `second` alone: appending n
 * bytes multiplies the first by x^(8n), modulo the polynomial.
 */
export function combineCrc32c(first: number, second: number, secondLength: number): number {
  let shifted = first;
  // A byte is eight bits: the third square.
  for (let rest = secondLength, index = 3; rest > 0; rest = Math.floor(rest / 2), index++) {
    if (rest % 2 === 1) {
      shifted = product(SQUARES[index] ?? 0, shifted);
    }
  }
  return (shifted ^ second) >>> 0;
}

/** x^(2^index), reflected, modulo the polynomial. */
const SQUARES: Uint32Array = buildSquares();

function buildSquares(): Uint32Array {
  const squares = new Uint32Array(56);
  let power = 0x40000000;
  for (let index = 0; index < squares.length; index++) {
    squares[index] = power;
    power = product(power, power);
  }
  return squares;
}

/** The product of two reflected polynomials. */
function product(left: number, right: number): number {
  let result = 0;
  let shifted = right;
  for (let bit = 31; bit >= 0; bit--) {
    if ((left >>> bit) & 1) {
      result ^= shifted;
    }
    shifted = (shifted >>> 1) ^ (shifted & 1 ? POLYNOMIAL : 0);
  }
  return result >>> 0;
}

/** Extends the running sum by the bytes from `start` up to `end`, which are whole sixteens. */
function rounds(running: number, view: DataView, start: number, end: number): number {
  let sum = running;
  for (let at = start; at < end; at += 16) {
    const a = view.getInt32(at, true) ^ sum;
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    sum =
      entry(0xf00 | (a & 0xff)) ^
      entry(0xe00 | ((a >>> 8) & 0xff)) ^
      entry(0xd00 | ((a >>> 16) & 0xff)) ^
      entry(0xc00 | (a >>> 24)) ^
      entry(0xb00 | (b & 0xff)) ^
      entry(0xa00 | ((b >>> 8) & 0xff)) ^
      entry(0x900 | ((b >>> 16) & 0xff)) ^
      entry(0x800 | (b >>> 24)) ^
      entry(0x700 | (c & 0xff)) ^
      entry(0x600 | ((c >>> 8) & 0xff)) ^
      entry(0x500 | ((c >>> 16) & 0xff)) ^
      entry(0x400 | (c >>> 24)) ^
      entry(0x300 | (d & 0xff)) ^
      entry(0x200 | ((d >>> 8) & 0xff)) ^
      entry(0x100 | ((d >>> 16) & 0xff)) ^
      entry(d >>> 24);
  }
  return sum;
}

// The indexes below are in bounds by construction; the fallbacks cost nothing once compiled.
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function entry(index: number): number {
  return TABLES[index] ?? 0;
}
