/*
 * CRC-64 as Alibaba Cloud OSS answers it in `x-oss-hash-crc64ecma`: the ECMA-182 polynomial in reflected form, all ones
 * at the start and inverted at the end (also known as CRC-64/XZ).
 */

const polynomial = 0xc96c5795d7870f42n;
const lanes = 8;

/** Tables for eight bytes a round: entry `lane * 256 + byte`, upper and lower 32 bits apart. */
const upper = new Uint32Array(lanes * 256);
const lower = new Uint32Array(lanes * 256);

for (let byte = 0; byte < 256; byte++) {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc & 1n) === 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  }
  upper[byte] = Number(crc >> 32n);
  lower[byte] = Number(crc & 0xffffffffn);
}
for (let at = 256; at < lanes * 256; at++) {
  const high = upper[at - 256] ?? 0;
  const low = lower[at - 256] ?? 0;
  const byte = low & 0xff;
  upper[at] = (high >>> 8) ^ (upper[byte] ?? 0);
  lower[at] = ((low >>> 8) | (high << 24)) ^ (lower[byte] ?? 0);
}

/** A CRC-64 that grows with the bytes it is shown. */
export class Crc64 {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): this {
    let high = this.#high;
    let low = this.#low;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const rounds = bytes.byteLength - (bytes.byteLength % lanes);
    let at = 0;
    for (; at < rounds; at += lanes) {
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
      high = word(upper, i7, i6, i5, i4) ^ word(upper, i3, i2, i1, i0);
      low = word(lower, i7, i6, i5, i4) ^ word(lower, i3, i2, i1, i0);
    }
    for (; at < bytes.byteLength; at++) {
      const index = (low ^ view.getUint8(at)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lower[index] ?? 0);
      high = (high >>> 8) ^ (upper[index] ?? 0);
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

function word(table: Uint32Array, a: number, b: number, c: number, d: number): number {
  return (table[a] ?? 0) ^ (table[b] ?? 0) ^ (table[c] ?? 0) ^ (table[d] ?? 0);
}

/** The CRC-64 of some bytes. */
export function crc64(bytes: Uint8Array): bigint {
  return new Crc64().update(bytes).value();
}

/** A piece of a whole: its CRC-64 and length in bytes. */
export interface Crc64Piece {
  readonly crc: bigint;
  readonly size: number;
}

/**
 * The CRC-64 of pieces set end to end, from theirs alone: appending n bytes multiplies what came before by x^(8n),
 * modulo the polynomial.
 */
export function combineCrc64(pieces: Iterable<Crc64Piece>): bigint {
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { crc, size } of pieces) {
    const shift = shifts.get(size) ?? xToThe(BigInt(size) * 8n);
    shifts.set(size, shift);
    whole = multiply(shift, whole) ^ crc;
  }
  return whole;
}

/** The polynomial's terms run from x^0 in the highest bit. */
const one = 1n << 63n;

function xToThe(power: bigint): bigint {
  let result = one;
  let square = one >> 1n;
  for (let rest = power; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) {
      result = multiply(result, square);
    }
    square = multiply(square, square);
  }
  return result;
}

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let term = one; term > 0n; term >>= 1n) {
    if ((a & term) !== 0n) {
      product ^= shifted;
    }
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}
