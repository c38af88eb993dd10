import { CompressionDamage } from '../damage.ts';
import { Lzw } from './lzw.ts';

const NO_CODE = -1;
const TABLE_SIZE = 1 << Lzw.maxWidth;

/** Bytes that are given out at a time: a few stored bytes may become very many. */
const PIECE_SIZE = 256 * 1024;

/** Most bytes of one code's string: each new code has one byte more than the one before. */
const LONGEST_STRING = TABLE_SIZE;

/** Expands a stream as {@link Lzw} describes. Throws {@link CompressionDamage}. */
export class LzwDecoder {
  readonly #prefix = new Uint16Array(TABLE_SIZE);
  readonly #suffix = new Uint8Array(TABLE_SIZE);
  readonly #string = new Uint8Array(LONGEST_STRING);
  #highest: number = Lzw.end;
  #width: number = Lzw.firstWidth;
  #previous = NO_CODE;
  #bits = 0;
  #bitCount = 0;
  #consumed = 0;
  #ended = false;
  #output = roomForPiece();
  /** The piece that is being written begins and ends here in `#output`. */
  #begun = 0;
  #written = 0;

  /** Expands the next bytes, in pieces of a bounded size that are made as they are asked for. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (const byte of bytes) {
      if (this.#ended) {
        throw this.#damage('something follows the end of the compressed data');
      }
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
      this.#consumed += 1;
      // A code has more than 8 bits, so a byte completes at most one.
      if (this.#bitCount >= this.#width) {
        const code = this.#bits & ((1 << this.#width) - 1);
        this.#bits >>>= this.#width;
        this.#bitCount -= this.#width;
        this.#take(code);
        if (this.#written > PIECE_SIZE) {
          yield this.#piece();
          this.#output = roomForPiece();
          this.#begun = 0;
          this.#written = 0;
        }
      }
    }
    if (this.#written > this.#begun) {
      yield this.#piece();
    }
  }

  /** Ends the stream; throws when it has no end code. */
  finish(): void {
    if (!this.#ended) {
      throw this.#damage('the compressed data ends too early');
    }
  }

  #take(code: number): void {
    if (code === Lzw.clear) {
      this.#width = Lzw.firstWidth;
      this.#highest = Lzw.end;
      this.#previous = NO_CODE;
      return;
    }
    if (code === Lzw.end) {
      this.#ended = true;
      return;
    }
    // After a clear code `highest` is the end code, so only literals pass; later it is the string being defined.
    if (code > this.#highest) {
      throw this.#damage(`the compressed data has the code ${code}, which is not defined there`);
    }
    this.#expand(code);
    this.#previous = code;
    this.#grow();
  }

  /** Writes the string of `code` and defines the string that its first byte completes. */
  #expand(code: number): void {
    const { clear } = Lzw;
    const string = this.#string;
    const defining = this.#previous !== NO_CODE;
    let from = LONGEST_STRING;
    let walk = code;
    if (defining && code === this.#highest) {
      // The string ends with its own first byte, which is that of the previous string; it is filled in below.
      from -= 1;
      walk = this.#previous;
    }
    while (walk >= clear) {
      from -= 1;
      string[from] = this.#suffix[walk] ?? 0;
      walk = this.#prefix[walk] ?? 0;
    }
    from -= 1;
    string[from] = walk;
    if (defining) {
      if (code === this.#highest) {
        string[LONGEST_STRING - 1] = walk;
      }
      this.#suffix[this.#highest] = walk;
      this.#prefix[this.#highest] = this.#previous;
    }
    this.#append(string.subarray(from));
  }

  #grow(): void {
    this.#highest += 1;
    if (this.#highest < 1 << this.#width) {
      return;
    }
    if (this.#width < Lzw.maxWidth) {
      this.#width += 1;
      return;
    }
    // The table is full: nothing is defined until the next clear code.
    this.#previous = NO_CODE;
    this.#highest -= 1;
  }

  /** What was written since the last piece. Readers may keep it: its memory is not written again. */
  #piece(): Uint8Array {
    const piece = this.#output.subarray(this.#begun, this.#written);
    this.#begun = this.#written;
    return piece;
  }

  #append(bytes: Uint8Array): void {
    this.#output.set(bytes, this.#written);
    this.#written += bytes.length;
  }

  #damage(reason: string): CompressionDamage {
    return new CompressionDamage(reason, { offset: this.#consumed });
  }
}

/** One more string always has room after a piece. */
function roomForPiece(): Buffer {
  return Buffer.allocUnsafeSlow(PIECE_SIZE + LONGEST_STRING);
}
