/** Writes a whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first, and returns where it ends. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    target[end++] = (rest % 0x80) | 0x80;
  }
  target[end++] = rest;
  return end;
}

/** Most bytes of a number. */
export const LONGEST_VARINT = 8;

/** Reads what {@link writeVarint} wrote, number after number. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Passes over `size` bytes and gives where they begin. Throws a RangeError when there are fewer. */
  skip(size: number): number {
    const start = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      throw new RangeError(`the bytes end before ${this.#at}`);
    }
    return start;
  }

  /** The next number. Throws a RangeError when the bytes end before or it is above 2^53 - 1. */
  number(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++] ?? 0xff;
      value += (byte & 0x7f) * scale;
      if (this.#at > this.#bytes.length || value > Number.MAX_SAFE_INTEGER) {
        throw new RangeError(`no number at byte ${this.#at}`);
      }
      if (byte < 0x80) {
        return value;
      }
    }
  }

  /** The next `size` bytes as a number, the lowest first, at most 4. Throws a RangeError when the bytes end before. */
  fixed(size: number): number {
    let value = 0;
    for (let shift = 0; shift < size * 8; shift += 8) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) {
        throw new RangeError(`the bytes end before ${this.#at}`);
      }
      value |= byte << shift;
    }
    return value >>> 0;
  }
}
