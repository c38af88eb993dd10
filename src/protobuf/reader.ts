/** The bytes are not the protobuf message they should be. Readers of files turn it into a `Damage` that names file and offset. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** How the value of a field is encoded. Format: protobuf.dev/programming-guides/encoding. */
const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

type WireType = (typeof wireType)[keyof typeof wireType];

/**
 * Walks the fields of one protobuf message without building objects for them: {@link next} goes to a field, then exactly one
 * other method reads or skips its value. Hot: every change that a watch delivers and every record of a database
 * is read with it.
 *
 * ```
 * for (let field = reader.next(); field !== 0; field = reader.next()) {
 *   switch (field) {
 *     case 1: … = reader.number(); break;
 *     default: reader.skip();
 *   }
 * }
 * ```
 *
 * All methods throw a {@link MalformedMessage} when the message ends early or the field has another wire type.
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** Number and wire type of the field. */
  #tag = 0;

  /** Reads from `start` up to `end` (default: all). */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Eight times the number of the field plus its wire type. */
  get tag(): number {
    return this.#tag;
  }

  /** Where the next byte is read: after {@link next} the value of the field, after the value the next field. */
  get offset(): number {
    return this.#at;
  }

  /** Goes to the next field and returns its number; 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#end) {
      return 0;
    }
    const tag = this.#numberVarint();
    if (tag < 8 || tag > 0xffff_ffff) {
      throw this.#badTag(tag);
    }
    this.#tag = tag;
    return tag >>> 3;
  }

  /** An integer from 0 to 2^53 - 1: revisions, indexes, counts, enums. Throws for a larger or negative one. */
  number(): number {
    this.#expect(wireType.varint);
    return this.#numberVarint();
  }

  /** An int64 of any size and sign. */
  int64(): bigint {
    this.#expect(wireType.varint);
    return BigInt.asIntN(64, this.#bigintVarint());
  }

  /** A uint64 of any size. */
  uint64(): bigint {
    this.#expect(wireType.varint);
    return BigInt.asUintN(64, this.#bigintVarint());
  }

  /** A bool: any integer but 0 is true. */
  boolean(): boolean {
    this.#expect(wireType.varint);
    return this.#bigintVarint() !== 0n;
  }

  /** A bytes field, as a view of the message. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** A string. */
  text(): string {
    const { buffer, byteOffset, length } = this.bytes();
    return Buffer.from(buffer, byteOffset, length).toString('utf8');
  }

  /** A reader over an embedded message; this reader is then past it. */
  message(): ProtobufReader {
    const length = this.#length();
    const start = this.#at;
    this.#at += length;
    return new ProtobufReader(this.#bytes, start, this.#at);
  }

  /** A uint64 field that may come one by one or packed; its values are appended to `into`. */
  repeatedUint64(into: bigint[]): void {
    if ((this.#tag & 7) !== wireType.bytes) {
      into.push(this.uint64());
      return;
    }
    const packed = this.message();
    while (packed.#at < packed.#end) {
      into.push(BigInt.asUintN(64, packed.#bigintVarint()));
    }
  }

  /** Passes over the field. */
  skip(): void {
    switch (this.#tag & 7) {
      case wireType.varint:
        this.#skipVarint();
        return;
      case wireType.fixed64:
        this.#advance(8);
        return;
      case wireType.bytes: {
        const length = this.#length();
        this.#at += length;
        return;
      }
      case wireType.fixed32:
        this.#advance(4);
        return;
      default:
        throw new MalformedMessage(`field ${this.#tag >>> 3} has wire type ${this.#tag & 7}`);
    }
  }

  #expect(expected: WireType): void {
    if ((this.#tag & 7) !== expected) {
      throw this.#wrongType(expected);
    }
  }

  #length(): number {
    this.#expect(wireType.bytes);
    const length = this.#numberVarint();
    if (length > this.#end - this.#at) {
      throw this.#tooFewLeft(length);
    }
    return length;
  }

  #advance(length: number): void {
    const left = this.#end - this.#at;
    if (length > left) {
      throw new MalformedMessage(`field ${this.#tag >>> 3} ends ${length - left} bytes after the message`);
    }
    this.#at += length;
  }

  /** Most numbers are tags and lengths of one byte; this is small enough to be inlined for them. */
  #numberVarint(): number {
    const at = this.#at;
    const first = this.#bytes[at] ?? 0x80;
    if (first < 0x80 && at < this.#end) {
      this.#at = at + 1;
      return first;
    }
    return this.#longNumber();
  }

  /** The number of up to four bytes in small integers, longer ones the slower way. */
  #longNumber(): number {
    let at = this.#at;
    let value = 0;
    for (let shift = 0; shift < 28 && at < this.#end; shift += 7) {
      const byte = this.#bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return value;
      }
    }
    return this.#largeNumber(at, value);
  }

  /** Goes on at `at`, where the four bytes that hold `low` end. */
  #largeNumber(start: number, low: number): number {
    let value = low;
    let scale = 2 ** 28;
    for (let at = start; at < this.#end && scale <= 2 ** 63; scale *= 128) {
      const byte = this.#bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) {
          throw new MalformedMessage(`field ${this.#tag >>> 3} holds more than 2^53 - 1`);
        }
        this.#at = at;
        return value;
      }
    }
    throw this.#unendingVarint();
  }

  /** The value with all 70 bits that ten bytes hold. */
  #bigintVarint(): bigint {
    // Bits 0 to 27 and 28 to 69 are gathered as numbers: bigint arithmetic for each byte would cost ten times as much.
    let at = this.#at;
    let low = 0;
    let high = 0;
    let scale = 1;
    for (let shift = 0; shift < 70 && at < this.#end; shift += 7) {
      const byte = this.#bytes[at++] ?? 0;
      if (shift < 28) {
        low |= (byte & 0x7f) << shift;
      } else {
        high += (byte & 0x7f) * scale;
        scale *= 128;
      }
      if (byte < 0x80) {
        this.#at = at;
        return high === 0 ? BigInt(low) : (BigInt(high) << 28n) | BigInt(low);
      }
    }
    throw this.#unendingVarint();
  }

  #skipVarint(): void {
    let at = this.#at;
    for (let length = 0; length < 10 && at < this.#end; length++) {
      if ((this.#bytes[at++] ?? 0) < 0x80) {
        this.#at = at;
        return;
      }
    }
    throw this.#unendingVarint();
  }

  // Errors are made apart from the methods that throw them, which stay small enough to be inlined.

  #badTag(tag: number): MalformedMessage {
    return new MalformedMessage(`field number ${Math.floor(tag / 8)} at byte ${this.#at} of a message`);
  }

  #wrongType(expected: WireType): MalformedMessage {
    return new MalformedMessage(`field ${this.#tag >>> 3} has wire type ${this.#tag & 7} instead of ${expected}`);
  }

  #tooFewLeft(length: number): MalformedMessage {
    return new MalformedMessage(`field ${this.#tag >>> 3} claims ${length} bytes, ${this.#end - this.#at} are left`);
  }

  #unendingVarint(): MalformedMessage {
    return new MalformedMessage(
      this.#end - this.#at < 10 ? 'the message ends within a number' : 'a number is longer than 64 bits',
    );
  }
}
