/** The bytes are not the message they should be. Readers of files turn it into a `Damage` that names file and offset. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/**
 * Reads one protocol buffer message as a walk over its fields: `next()` moves to a field, then exactly one of the value
 * methods (or `skip`) reads it. Unknown fields are skipped by the caller, as every protobuf decoder does.
 * Byte fields are views into the message, not copies.
 *
 * All methods throw a {@link WireError} when the bytes end early or do not fit.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #field = 0;
  #wireType = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = bytes.length;
  }

  /** Moves to the next field and gives its number; 0 when the message is over. */
  next(): number {
    if (this.#at >= this.#end) {
      return 0;
    }
    const tag = this.#safeVarint();
    this.#field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.#field < 1) {
      throw new WireError(`field number ${this.#field} at byte ${this.#at} of a message`);
    }
    return this.#field;
  }

  /** A uint64 field. */
  uint64(): bigint {
    this.#expect(0);
    return this.#varint();
  }

  /** An int64 field. */
  int64(): bigint {
    this.#expect(0);
    return BigInt.asIntN(64, this.#varint());
  }

  /** An integer field that has to lie between 0 and 2^53 - 1: indexes, revisions, counts, enums. */
  integer(): number {
    this.#expect(0);
    return this.#safeVarint();
  }

  /** A bool field. */
  bool(): boolean {
    this.#expect(0);
    return this.#varint() !== 0n;
  }

  /** A bytes or message field, as a view. */
  bytes(): Uint8Array {
    this.#expect(2);
    const length = this.#safeVarint();
    if (length > this.#end - this.#at) {
      throw new WireError(`field ${this.#field} claims ${length} bytes, ${this.#end - this.#at} are left`);
    }
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  /** A string field. */
  string(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** A uint64 field that may come one by one or packed. */
  repeatedUint64(into: bigint[]): void {
    if (this.#wireType !== 2) {
      into.push(this.uint64());
      return;
    }
    const packed = new WireReader(this.bytes());
    while (packed.#at < packed.#end) {
      into.push(packed.#varint());
    }
  }

  /** Passes over a field nobody asked for. */
  skip(): void {
    switch (this.#wireType) {
      case 0:
        this.#varint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new WireError(`field ${this.#field} has wire type ${this.#wireType}`);
    }
  }

  #expect(wireType: 0 | 2): void {
    if (this.#wireType !== wireType) {
      throw new WireError(`field ${this.#field} has wire type ${this.#wireType} instead of ${wireType}`);
    }
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) {
      throw new WireError(`field ${this.#field} ends ${count - (this.#end - this.#at)} bytes after the message`);
    }
    this.#at += count;
  }

  #byte(): number {
    const value = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (value === undefined) {
      throw new WireError('the message ends within a number');
    }
    this.#at++;
    return value;
  }

  /** Seven bytes hold 49 bits, exact in a number; longer ones take the slow way. */
  #safeVarint(): number {
    const start = this.#at;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
      scale *= 128;
    }
    this.#at = start;
    const long = this.#varint();
    if (long > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new WireError(`field ${this.#field} holds ${long}, which is more than 2^53 - 1`);
    }
    return Number(long);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return BigInt.asUintN(64, value);
      }
    }
    throw new WireError('a number is longer than 64 bits');
  }
}
