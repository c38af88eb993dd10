/** Writes a protobuf varint at `at` and returns where it ends. */
export function writeVarint(target: Uint8Array, at: number, value: number | bigint): number {
  let end = at;
  if (typeof value === 'bigint') {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) {
      target[end++] = Number(rest & 0x7fn) | 0x80;
    }
    target[end++] = Number(rest);
    return end;
  }
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
    target[end++] = (rest % 128) | 0x80;
  }
  target[end++] = rest;
  return end;
}

/**
 * Reads protobuf fields one after another. Instead of throwing it remembers that it `failed`,
 * because records are read by the hundred thousand and the caller knows where the file lies.
 */
export class VarintReader {
  at: number;
  failed = false;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** A varint up to 2^53 - 1; a larger or unfinished one fails. */
  number(): number {
    let value = 0;
    let scale = 1;
    while (this.at < this.#end) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.failed ||= !Number.isSafeInteger(value);
        return value;
      }
      scale *= 128;
      if (scale > 2 ** 63) {
        break;
      }
    }
    this.failed = true;
    return 0;
  }

  /** A varint of up to 64 bits. */
  bigint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n && this.at < this.#end; shift += 7n) {
      const byte = this.#bytes[this.at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return BigInt.asUintN(64, value);
      }
    }
    this.failed = true;
    return 0n;
  }

  /** A length and that many bytes, as a view. */
  bytes(): Uint8Array {
    const size = this.number();
    if (this.failed || size > this.#end - this.at) {
      this.failed = true;
      return new Uint8Array(0);
    }
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  /** Passes over the payload of a field with this tag. There is no field 0. */
  skip(tag: number): void {
    this.failed ||= tag < 8;
    switch (tag % 8) {
      case 0:
        this.#pass();
        break;
      case 1:
        this.at += 8;
        break;
      case 2: {
        const size = this.number();
        this.at += size;
        break;
      }
      case 5:
        this.at += 4;
        break;
      default:
        this.failed = true;
    }
    this.failed ||= this.at > this.#end;
  }

  /** Passes over a varint of up to 64 bits. */
  #pass(): void {
    for (let size = 1; size <= 10 && this.at < this.#end; size++) {
      if ((this.#bytes[this.at++] ?? 0) < 0x80) {
        return;
      }
    }
    this.failed = true;
  }
}
