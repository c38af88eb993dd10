/** How many bytes a round takes. */
const lanes = 8;

/** A piece of a whole: its CRC and length in bytes. */
export interface CrcPiece {
  readonly crc: bigint;
  readonly size: number;
}

/**
 * A cyclic redundancy check in reflected form that starts with all ones and is inverted at the end, as stores use them for
 * the bytes they hold. Tables take eight bytes a round; upper and lower 32 bits are kept apart, since JavaScript's integers
 * have no more.
 */
export class CrcModel {
  readonly #polynomial: bigint;
  readonly #width: 32 | 64;
  /** Entry `lane * 256 + byte`. */
  readonly #upper = new Uint32Array(lanes * 256);
  readonly #lower = new Uint32Array(lanes * 256);

  /** `polynomial` in reflected notation, without the term of the highest power. */
  constructor(polynomial: bigint, width: 32 | 64) {
    this.#polynomial = polynomial;
    this.#width = width;
    for (let byte = 0; byte < 256; byte++) {
      let crc = BigInt(byte);
      for (let bit = 0; bit < 8; bit++) {
        crc = this.#timesX(crc);
      }
      this.#upper[byte] = Number(crc >> 32n);
      this.#lower[byte] = Number(crc & 0xffffffffn);
    }
    for (let at = 256; at < lanes * 256; at++) {
      const high = this.#upper[at - 256] ?? 0;
      const low = this.#lower[at - 256] ?? 0;
      this.#upper[at] = (high >>> 8) ^ (this.#upper[low & 0xff] ?? 0);
      this.#lower[at] = ((low >>> 8) | (high << 24)) ^ (this.#lower[low & 0xff] ?? 0);
    }
  }

  /** The CRC of some bytes. */
  of(bytes: Uint8Array): bigint {
    return this.start().update(bytes).value();
  }

  /** A CRC that grows with the bytes it is shown. */
  start(): RunningCrc {
    const [upper, lower] = [this.#upper, this.#lower];
    return new RunningCrc({ upper, lower, ones: this.#width === 64 ? 0xffffffff : 0 });
  }

  /**
   * The CRC of pieces set end to end, from theirs alone: appending n bytes multiplies what came before by x^(8n),
   * modulo the polynomial.
   */
  combine(pieces: Iterable<CrcPiece>): bigint {
    const shifts = new Map<number, bigint>();
    let whole = 0n;
    for (const { crc, size } of pieces) {
      const shift = shifts.get(size) ?? this.#xToThe(BigInt(size) * 8n);
      shifts.set(size, shift);
      whole = this.#multiply(shift, whole) ^ crc;
    }
    return whole;
  }

  /** The polynomial 1: terms run from x^0 in the highest bit. */
  get #one(): bigint {
    return 1n << BigInt(this.#width - 1);
  }

  #xToThe(power: bigint): bigint {
    let result = this.#one;
    let square = this.#one >> 1n;
    for (let rest = power; rest > 0n; rest >>= 1n) {
      if ((rest & 1n) === 1n) {
        result = this.#multiply(result, square);
      }
      square = this.#multiply(square, square);
    }
    return result;
  }

  #multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let shifted = b;
    for (let term = this.#one; term > 0n; term >>= 1n) {
      if ((a & term) !== 0n) {
        product ^= shifted;
      }
      shifted = this.#timesX(shifted);
    }
    return product;
  }

  #timesX(value: bigint): bigint {
    return (value & 1n) === 1n ? (value >> 1n) ^ this.#polynomial : value >> 1n;
  }
}

/** A CRC on its way. */
export class RunningCrc {
  readonly #upper: Uint32Array;
  readonly #lower: Uint32Array;
  readonly #ones: number;
  #high: number;
  #low = 0xffffffff;

  /** `ones`: what the upper half starts with and is inverted by; nothing where the CRC has 32 bits. */
  constructor({
    upper,
    lower,
    ones,
  }: { readonly upper: Uint32Array; readonly lower: Uint32Array; readonly ones: number }) {
    this.#upper = upper;
    this.#lower = lower;
    this.#ones = ones;
    this.#high = ones;
  }

  update(bytes: Uint8Array): this {
    const upper = this.#upper;
    const lower = this.#lower;
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
      high = four(upper, i7, i6, i5, i4) ^ four(upper, i3, i2, i1, i0);
      low = four(lower, i7, i6, i5, i4) ^ four(lower, i3, i2, i1, i0);
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
    return (BigInt((this.#high ^ this.#ones) >>> 0) << 32n) | BigInt(~this.#low >>> 0);
  }
}

function four(table: Uint32Array, a: number, b: number, c: number, d: number): number {
  return (table[a] ?? 0) ^ (table[b] ?? 0) ^ (table[c] ?? 0) ^ (table[d] ?? 0);
}

/** CRC-32C (Castagnoli), which Google Cloud Storage keeps of every object. */
export const crc32c = new CrcModel(0x82f63b78n, 32);

/** CRC-64 with the ECMA-182 polynomial, which Alibaba Cloud OSS keeps of every object (also known as CRC-64/XZ). */
export const crc64 = new CrcModel(0xc96c5795d7870f42n, 64);
