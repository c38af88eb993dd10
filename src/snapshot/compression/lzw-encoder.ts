import { Lzw } from './lzw.ts';

/** Open-addressed table of 2^14 entries: 20 bits of key (prefix code and byte) above 12 bits of code; 0 is empty. */
const TABLE_SIZE = 1 << 14;
const TABLE_MASK = TABLE_SIZE - 1;
const NO_CODE = -1;

/** Compresses a stream as {@link Lzw} describes; its output equals that of Go's writer byte for byte. */
export class LzwEncoder {
  /** 0 marks an empty entry: no string has the code 0. */
  readonly #table = new Uint32Array(TABLE_SIZE);
  #code = NO_CODE;
  #highest: number = Lzw.end;
  #width: number = Lzw.firstWidth;
  #bits = 0;
  #bitCount = 0;
  #output = Buffer.alloc(0);
  #written = 0;

  /** Compresses the next bytes and returns what is ready. */
  push(bytes: Uint8Array): Uint8Array {
    // Each input byte emits at most one code of 12 bits, and seldom a clear code.
    this.#open(bytes.length * 2 + 16);
    let code = this.#code;
    let at = 0;
    if (code === NO_CODE && bytes.length > 0) {
      this.#emit(Lzw.clear);
      code = bytes[0] ?? 0;
      at = 1;
    }
    const table = this.#table;
    for (; at < bytes.length; at += 1) {
      const literal = bytes[at] ?? 0;
      const key = (code << 8) | literal;
      let slot = ((key >> 12) ^ key) & TABLE_MASK;
      let entry = table[slot] ?? 0;
      while (entry !== 0 && entry >>> 12 !== key) {
        slot = (slot + 1) & TABLE_MASK;
        entry = table[slot] ?? 0;
      }
      if (entry !== 0) {
        code = entry & Lzw.maxCode;
        continue;
      }
      this.#emit(code);
      code = literal;
      if (this.#nextCode()) {
        table[slot] = ((key << 12) | this.#highest) >>> 0;
      }
    }
    this.#code = code;
    return this.#close();
  }

  /** Ends the stream and returns its last bytes. */
  finish(): Uint8Array {
    this.#open(16);
    if (this.#code === NO_CODE) {
      this.#emit(Lzw.clear);
    } else {
      this.#emit(this.#code);
      this.#nextCode();
    }
    this.#emit(Lzw.end);
    if (this.#bitCount > 0) {
      this.#output[this.#written] = this.#bits;
      this.#written += 1;
    }
    return this.#close();
  }

  /** Moves on to the next free code; false when none was left and the table was cleared. */
  #nextCode(): boolean {
    this.#highest += 1;
    if (this.#highest === 1 << this.#width) {
      this.#width += 1;
    }
    if (this.#highest < Lzw.maxCode) {
      return true;
    }
    this.#emit(Lzw.clear);
    this.#width = Lzw.firstWidth;
    this.#highest = Lzw.end;
    this.#table.fill(0);
    return false;
  }

  #emit(code: number): void {
    this.#bits |= code << this.#bitCount;
    this.#bitCount += this.#width;
    while (this.#bitCount >= 8) {
      this.#output[this.#written] = this.#bits & 0xff;
      this.#written += 1;
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
  }

  #open(size: number): void {
    this.#output = Buffer.allocUnsafeSlow(size);
    this.#written = 0;
  }

  #close(): Uint8Array {
    return this.#output.subarray(0, this.#written);
  }
}
