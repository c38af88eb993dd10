import { writeVarint } from './varint.ts';

/**
 * Writes protocol buffer messages, field by field, in the order of the calls.
 *
 * Each field is a varint tag (field number << 3 | wire type) and its payload; only the wire types etcd uses are here:
 * 0 (varint) and 2 (length-delimited). Source: protobuf.dev, "Encoding".
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** A varint field. Negative numbers are written as their 64-bit two's complement, as int32, int64 and enums are. */
  varint(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A bool field. */
  bool(field: number, value: boolean): this {
    return this.varint(field, value ? 1 : 0);
  }

  /** A bytes, string or message field. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Everything written so far; the writer may not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #tag(field: number, wireType: 0 | 2): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    this.#length = writeVarint(this.#bytes, this.#length, value);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) {
      return;
    }
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
