import { type Revision, revision } from '../revision.ts';

/** Bytes that are no protobuf message, or hold a number this program cannot represent. */
export class MalformedMessage extends Error {
  constructor(reason: string) {
    super(`malformed message: ${reason}`);
    this.name = 'MalformedMessage';
  }
}

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

/**
 * Walks the fields of one protobuf message without building objects for them. Hot: a watch decodes every change of
 * the cluster with it. Format: protobuf.dev/programming-guides/encoding.
 *
 * ```
 * while (reader.next()) {
 *   switch (reader.field) {
 *     case 1: … = reader.revision(); break;
 *     default: reader.skip();
 *   }
 * }
 * ```
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #position: number;
  #end: number;
  #wireType = wireVarint;
  /** Number of the field that {@link next} found. */
  field = 0;

  /** Reads from `start` up to `end` (default: all). Views given out by {@link bytes} share the memory of `bytes`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Goes to the next field; false at the end of the message. Its value must then be read or skipped. */
  next(): boolean {
    if (this.#position >= this.#end) {
      return false;
    }
    const tag = this.number();
    this.field = Math.floor(tag / 8);
    this.#wireType = tag & 7;
    return true;
  }

  /** A varint up to 2^53 - 1. Throws a {@link MalformedMessage} for a larger or negative one. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) {
          throw new MalformedMessage('a number is larger than 2^53 - 1');
        }
        return value;
      }
      scale *= 128;
    }
    throw new MalformedMessage('a varint is longer than 10 bytes');
  }

  /** An int64 varint of any size and sign. */
  int64(): bigint {
    // Bits 0 to 27 and 28 to 69 are gathered as numbers: bigint arithmetic for each byte would cost ten times as much.
    let low = 0;
    let high = 0;
    for (let length = 0; length < 10; length++) {
      const byte = this.#byte();
      if (length < 4) {
        low += (byte & 0x7f) * 2 ** (7 * length);
      } else {
        high += (byte & 0x7f) * 2 ** (7 * (length - 4));
      }
      if (byte < 0x80) {
        return BigInt.asIntN(64, (BigInt(high) << 28n) | BigInt(low));
      }
    }
    throw new MalformedMessage('a varint is longer than 10 bytes');
  }

  /** A uint64 varint of any size. */
  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  revision(): Revision {
    return revision(this.number());
  }

  /** A view of a length-delimited field. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  text(): string {
    return Buffer.from(this.bytes()).toString('utf8');
  }

  /** A reader over an embedded message; this one is then past it. */
  message(): ProtobufReader {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return new ProtobufReader(this.#bytes, start, this.#position);
  }

  /** Passes over a field that is of no interest. */
  skip(): void {
    switch (this.#wireType) {
      case wireVarint:
        while (this.#byte() >= 0x80) {}
        return;
      case wireFixed64:
        this.#advance(8);
        return;
      case wireBytes:
        this.#advance(this.#length());
        return;
      case wireFixed32:
        this.#advance(4);
        return;
      default:
        throw new MalformedMessage(`unknown wire type ${this.#wireType}`);
    }
  }

  #length(): number {
    if (this.#wireType !== wireBytes) {
      throw new MalformedMessage(`field ${this.field} has wire type ${this.#wireType} instead of ${wireBytes}`);
    }
    const length = this.number();
    if (length > this.#end - this.#position) {
      throw new MalformedMessage(`field ${this.field} reaches beyond the message`);
    }
    return length;
  }

  #advance(length: number): void {
    if (length > this.#end - this.#position) {
      throw new MalformedMessage(`field ${this.field} reaches beyond the message`);
    }
    this.#position += length;
  }

  #byte(): number {
    if (this.#position >= this.#end) {
      throw new MalformedMessage('it ends inside a field');
    }
    const byte = this.#bytes[this.#position];
    this.#position += 1;
    return byte ?? 0;
  }
}
