import { limits } from '../../runtime/limits.ts';
import { DeltaDamage } from '../damage.ts';

/** Thrown by a cursor whose bytes end within a value; more bytes may complete it. */
export const incomplete: unique symbol = Symbol('incomplete');

/** ASCII bytes of JSON's grammar. */
export const Byte = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  lowerN: 0x6e,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Deeper nesting than this is refused. */
const MAX_DEPTH = limits.deltaNesting.most;

/** Up to this length a loop finds the end of a string faster than a native search. */
const SHORT_STRING = 64;

/**
 * Reads JSON from bytes without building values. After a string, `start` and `end` are the range between its quotes.
 * Every reading method throws {@link incomplete} at the end of the bytes and {@link DeltaDamage} where the text is not JSON.
 */
export class JsonCursor {
  bytes: Buffer = Buffer.alloc(0);
  /** The next byte to read. */
  position = 0;
  /** Offset in the whole stream of the first of `bytes`. */
  base = 0;
  start = 0;
  end = 0;

  /** Damage at the current position. */
  damage(reason: string): DeltaDamage {
    return new DeltaDamage(reason, { offset: this.base + this.position });
  }

  /** The next byte that is not white space, which is not consumed. */
  peek(): number {
    for (;;) {
      const byte = this.bytes[this.position];
      if (byte === undefined) {
        throw incomplete;
      }
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        return byte;
      }
      this.position += 1;
    }
  }

  /** Consumes `byte`, with white space before it. */
  expect(byte: number): void {
    const found = this.peek();
    if (found !== byte) {
      throw this.damage(`expected "${String.fromCharCode(byte)}", found ${describe(found)}`);
    }
    this.position += 1;
  }

  /** Consumes `byte` when it is next. */
  accept(byte: number): boolean {
    if (this.peek() !== byte) {
      return false;
    }
    this.position += 1;
    return true;
  }

  /** Consumes a short string, such as a member's name. */
  readName(): void {
    this.expect(Byte.quote);
    this.start = this.position;
    for (let at = this.position; ; at += 1) {
      const byte = this.bytes[at];
      if (byte === undefined) {
        throw incomplete;
      }
      if (byte === Byte.quote) {
        this.end = at;
        this.position = at + 1;
        return;
      }
      if (byte === Byte.backslash) {
        at += 1;
      }
    }
  }

  /** Consumes a string of any length. */
  readString(): void {
    this.expect(Byte.quote);
    this.start = this.position;
    const shortEnd = Math.min(this.bytes.length, this.position + SHORT_STRING);
    let at = this.position;
    while (at < shortEnd && this.bytes[at] !== Byte.quote) {
      at += 1;
    }
    if (at === shortEnd) {
      at = this.bytes.indexOf(Byte.quote, at);
    }
    if (at < 0 || at === this.bytes.length) {
      throw incomplete;
    }
    if (this.bytes[at - 1] === Byte.backslash && at > this.start) {
      this.position = this.start - 1;
      this.readName();
      return;
    }
    this.end = at;
    this.position = at + 1;
  }

  /** The text of the last string with its escapes resolved. */
  text(): string {
    const raw = this.bytes.toString('utf8', this.start, this.end);
    if (!raw.includes('\\')) {
      return raw;
    }
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch (cause) {
      throw new DeltaDamage('a string with a wrong escape', { offset: this.base + this.start, cause });
    }
  }

  /** Consumes `literal` when it comes next, byte for byte and without white space before it. */
  take(literal: Uint8Array): boolean {
    const { bytes, position } = this;
    for (let at = 0; at < literal.length; at += 1) {
      if (bytes[position + at] !== literal[at]) {
        return false;
      }
    }
    this.position = position + literal.length;
    return true;
  }

  /**
   * Consumes a whole number and returns it, rounded when it is beyond 2^53. `start` and `end` are its range.
   * Refuses fractions and exponents.
   */
  readInteger(): number {
    const sign = this.peek() === Byte.minus ? -1 : 1;
    this.start = this.position;
    let at = this.position + (sign < 0 ? 1 : 0);
    const first = at;
    let value = 0;
    for (;;) {
      const byte = this.bytes[at];
      if (byte === undefined) {
        throw incomplete;
      }
      if (byte < Byte.zero || byte > Byte.nine) {
        break;
      }
      value = value * 10 + (byte - Byte.zero);
      at += 1;
    }
    const after = this.bytes[at];
    const leadingZero = at - first > 1 && this.bytes[first] === Byte.zero;
    if (at === first || leadingZero || after === 0x2e || after === 0x65 || after === 0x45) {
      throw this.damage('expected a whole number');
    }
    this.end = at;
    this.position = at;
    return sign * value;
  }

  /** Consumes a value of any kind. */
  skipValue(): void {
    const closers: number[] = [];
    for (;;) {
      const byte = this.peek();
      if (byte === Byte.quote) {
        this.readName();
      } else if (byte === Byte.openBrace || byte === Byte.openBracket) {
        this.position += 1;
        const closer = byte === Byte.openBrace ? Byte.closeBrace : Byte.closeBracket;
        if (closers.length === MAX_DEPTH) {
          throw this.damage(`nested deeper than ${MAX_DEPTH} levels`);
        }
        if (!this.accept(closer)) {
          closers.push(closer);
          this.#skipMemberName(closer);
          continue;
        }
      } else {
        this.#skipScalar();
      }
      if (!this.#closeAfterValue(closers)) {
        return;
      }
    }
  }

  /** Consumes what follows a value inside `closers`: true when another value follows, false when all are closed. */
  #closeAfterValue(closers: number[]): boolean {
    for (;;) {
      const closer = closers.at(-1);
      if (closer === undefined) {
        return false;
      }
      if (this.accept(Byte.comma)) {
        this.#skipMemberName(closer);
        return true;
      }
      this.expect(closer);
      closers.pop();
    }
  }

  #skipMemberName(closer: number): void {
    if (closer === Byte.closeBrace) {
      this.readName();
      this.expect(Byte.colon);
    }
  }

  #skipScalar(): void {
    let at = this.position;
    for (;;) {
      const byte = this.bytes[at];
      if (byte === undefined) {
        throw incomplete;
      }
      if (!isScalarByte(byte)) {
        break;
      }
      at += 1;
    }
    const text = this.bytes.toString('latin1', this.position, at);
    if (!/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(text)) {
      throw this.damage(`expected a JSON value, found ${describe(this.bytes[this.position] ?? 0)}`);
    }
    this.position = at;
  }
}

/** Digits, letters, sign and point: what numbers, true, false and null are made of. */
function isScalarByte(byte: number): boolean {
  return (
    (byte >= Byte.zero && byte <= Byte.nine) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x45 ||
    byte === 0x2b ||
    byte === Byte.minus ||
    byte === 0x2e
  );
}

function describe(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `the byte 0x${byte.toString(16).padStart(2, '0')}`;
}
