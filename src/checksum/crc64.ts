/**
 * CRC-64/XZ (polynomial of ECMA-182, reflected, begun with all ones and inverted at the end), which Alibaba Cloud OSS keeps of
 * every object. Tables take eight bytes a round; upper and lower 32 bits are kept apart, since JavaScript's integers have no more.
 */
const POLYNOMIAL = 0xc96c5795d7870f42n;

/** Bytes a round. */
const AT_ONCE = 8;

/** Entry `distance * 256 + byte`: what a byte adds that many bytes before the end of a round. */
const [UPPER, LOWER] = buildTables();

function buildTables(): readonly [Uint32Array, Uint32Array] {
  const upper = new Uint32Array(AT_ONCE * 256);
  const lower = new Uint32Array(AT_ONCE * 256);
  const high = Number(POLYNOMIAL >> 32n);
  const low = Number(POLYNOMIAL & 0xffffffffn);
  for (let byte = 0; byte < 256; byte++) {
    let [a, b] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = b & 1;
      b = ((b >>> 1) | (a << 31)) ^ (odd ? low : 0);
      a = (a >>> 1) ^ (odd ? high : 0);
    }
    upper[byte] = a;
    lower[byte] = b;
  }
  for (let at = 256; at < upper.length; at++) {
    const a = upper[at - 256] ?? 0;
    const b = lower[at - 256] ?? 0;
    upper[at] = (a >>> 8) ^ (upper[b & 0xff] ?? 0);
    lower[at] = ((b >>> 8) | (a << 24)) ^ (lower[b & 0xff] ?? 0);
  }
  return [upper, lower];
}

/** The CRC-64 of some bytes. */
export function crc64(bytes: Uint8Array): bigint {
  return new RunningCrc64().update(bytes).value();
}

/** The CRC-64 of bytes that come in pieces. */
export class RunningCrc64 {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): this {
    let high = this.#high;
    let low = this.#low;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const rounds = bytes.byteLength - (bytes.byteLength % AT_ONCE);
    let at = 0;
    for (; at < rounds; at += AT_ONCE) {
      const a = low ^ view.getUint32(at, true);
      const b = high ^ view.getUint32(at + 4, true);
      const i7 = 1792 + (a & 0xff);
      const i6 = 1536 + ((a >>> 8) & 0xff);
      const i5 = 1280 + ((a >>> 16) & 0xff);
      const i4 = 1024 + (a >>> 24);
      const i3 = 768 + (b & 0xff);
      const i2 = 512 + ((b >>> 8) & 0xff);
      const i1 = 256 + ((b >>> 16) & 0xff);
      const i0 = b >>> 24;
      high = four(UPPER, i7, i6, i5, i4) ^ four(UPPER, i3, i2, i1, i0);
      low = four(LOWER, i7, i6, i5, i4) ^ four(LOWER, i3, i2, i1, i0);
    }
    for (; at < bytes.byteLength; at++) {
      const index = (low ^ view.getUint8(at)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (LOWER[index] ?? 0);
      high = (high >>> 8) ^ (UPPER[index] ?? 0);
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  /** The CRC of all bytes so far. */
  value(): bigint {
    return (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0);
  }
}

function four(table: Uint32Array, a: number, b: number, c: number, d: number): number {
  return (table[a] ?? 0) ^ (table[b] ?? 0) ^ (table[c] ?? 0) ^ (table[d] ?? 0);
}

/** One piece of a whole. */
export interface Crc64Piece {
  readonly crc: bigint;
  /** Bytes. */
  readonly size: number;
}

/**
 * The CRC-64 of pieces one after the other, from theirs alone: appending n bytes multiplies the CRC before them by x^(8n),
 * modulo the polynomial.
 */
export function combineCrc64(pieces: Iterable<Crc64Piece>): bigint {
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { crc, size } of pieces) {
    const shift = shifts.get(size) ?? powerOfX(BigInt(size) * 8n);
    shifts.set(size, shift);
    whole = product(shift, whole) ^ crc;
  }
  return whole;
}

/** The polynomial 1: terms run from x^0 in the highest bit. */
const ONE = 1n << 63n;

function powerOfX(exponent: bigint): bigint {
  let result = ONE;
  let square = ONE >> 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) {
      result = product(result, square);
    }
    square = product(square, square);
  }
  return result;
}

function product(left: bigint, right: bigint): bigint {
  let result = 0n;
  let shifted = right;
  for (let term = ONE; term > 0n; term >>= 1n) {
    if ((left & term) !== 0n) {
      result ^= shifted;
    }
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ POLYNOMIAL : shifted >> 1n;
  }
  return result;
}
