import { decodeBase64 } from './base64.ts';
import { Byte, type JsonCursor } from './json-cursor.ts';

/** Bytes for the key and value of an event; more when an event needs it. */
const BUFFER_SIZE = 16 * 1024;

/** From here on an event gets no more room than it needs, bytes. */
const LARGE_EVENT = 4 * 1024 * 1024;

/** The decoded key and value of one event, one after the other in memory that serves again. */
export class EventBytes {
  readonly #cursor: JsonCursor;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  /** The same memory as a Uint8Array, of which a subarray is several times faster to make than of a Buffer. */
  #bytes: Uint8Array = new Uint8Array(this.#buffer.buffer);
  #used = 0;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
  }

  /** The memory; what does not fit is moved to another one. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the next bytes begin. */
  get end(): number {
    return this.#used;
  }

  /** Begins anew, for the next event. */
  reset(): void {
    this.#used = 0;
  }

  /** Decodes a base64 string and puts it after what is there; null is no bytes. */
  read(): void {
    const cursor = this.#cursor;
    if (cursor.peek() === Byte.lowerN) {
      cursor.skipValue();
      return;
    }
    cursor.readString();
    this.#makeRoom(cursor.end - cursor.start);
    let written = decodeBase64(cursor.bytes, cursor, this.#buffer, this.#used);
    if (written < 0) {
      const text = Buffer.from(cursor.text(), 'utf8');
      written = decodeBase64(text, { start: 0, end: text.length }, this.#buffer, this.#used);
    }
    if (written < 0) {
      throw cursor.damage('a key or value that is not base64');
    }
    this.#used += written;
  }

  /** Room for the bytes of a base64 text of `length` characters: three for each four. */
  #makeRoom(length: number): void {
    const needed = this.#used + Math.ceil(length / 4) * 3;
    if (needed > this.#buffer.length) {
      // Large values are rare: twice the room would be held for nothing.
      const wider = Buffer.allocUnsafeSlow(needed > LARGE_EVENT ? needed : needed * 2);
      wider.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = wider;
      this.#bytes = new Uint8Array(wider.buffer);
    }
  }
}
