import { limits } from '../../runtime/limits.ts';
import { EventReader } from './event-reader.ts';
import type { EventRow } from './event-row.ts';
import type { FastDeltaParser } from './fast-parser.ts';
import { Byte, incomplete, JsonCursor } from './json-cursor.ts';

type Expecting = 'array' | 'first event' | 'event' | 'separator' | 'nothing';

/**
 * Reads the JSON text of a delta (without its hash) in pieces of any size. Holds at most one unfinished event.
 *
 * Accepts members in any order, unknown members, white space and escapes, and numbers up to int64 for leases, as any
 * JSON reader would; throws {@link DeltaDamage} for everything else. The order of revisions is not checked.
 */
export class DeltaTokenizer {
  readonly #cursor = new JsonCursor();
  readonly #reader = new EventReader(this.#cursor);
  #expecting: Expecting = 'array';
  /** Memory for an event that is not whole yet. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of it, from its beginning. */
  #unfinished = 0;
  /** Bytes that it needs before it is read again. */
  #enough = 0;
  #ended = false;
  readonly #mostEventBytes: number;
  readonly #findFastParser: () => FastDeltaParser | undefined;
  #fastParser: FastDeltaParser | undefined;

  /**
   * `fastParser` is asked with each piece until it gives one. The events that this consumes are not given by {@link next}:
   * it goes before each that is. An event of more than `mostEventBytes` is refused rather than kept.
   */
  constructor(
    fastParser: () => FastDeltaParser | undefined = () => undefined,
    { mostEventBytes = limits.deltaEvent.most }: { readonly mostEventBytes?: number } = {},
  ) {
    this.#findFastParser = fastParser;
    this.#mostEventBytes = mostEventBytes;
  }

  /** Takes the next bytes of the text. They must not change until {@link next} has given all events they complete. */
  feed(bytes: Uint8Array): void {
    this.#fastParser ??= this.#begin(this.#findFastParser());
    const inPlace = this.#unfinished === 0 && this.#fastParser === undefined;
    this.#cursor.bytes = inPlace ? asBuffer(bytes) : this.#joined(bytes);
  }

  /** Ends the text. {@link next} then gives events that had waited, and throws when the text is not whole. */
  end(): void {
    this.#ended = true;
    this.#enough = 0;
  }

  /**
   * The next event that is whole, or undefined when more bytes are needed, or no event is left. It is valid until the
   * next call.
   */
  next(): Readonly<EventRow> | undefined {
    const { bytes } = this.#cursor;
    if (bytes.length < this.#enough) {
      // All of them are in their place already.
      this.#unfinished = bytes.length;
      this.#checkLength(bytes.length);
      return undefined;
    }
    const row = this.#readOn();
    if (row === undefined) {
      this.#setAside();
    }
    return row;
  }

  /** Moves the unfinished event to the memory of a parser. */
  #begin(parser: FastDeltaParser | undefined): FastDeltaParser | undefined {
    if (parser !== undefined) {
      const memory = parser.memory(this.#unfinished);
      memory.set(this.#pending.subarray(0, this.#unfinished));
      this.#pending = memory;
    }
    return parser;
  }

  #joined(bytes: Uint8Array): Buffer {
    const length = this.#unfinished + bytes.length;
    if (length > this.#pending.length) {
      this.#pending = this.#fastParser?.memory(length) ?? this.#widened(length * 2);
    }
    this.#pending.set(bytes, this.#unfinished);
    return this.#pending.subarray(0, length);
  }

  #widened(length: number): Buffer {
    const wider = Buffer.allocUnsafeSlow(length);
    wider.set(this.#pending.subarray(0, this.#unfinished));
    return wider;
  }

  /** Lets the fast parser read as far as it can, then reads one event. */
  #readOn(): Readonly<EventRow> | undefined {
    const cursor = this.#cursor;
    if (this.#fastParser !== undefined && this.#expecting === 'separator') {
      cursor.position = this.#fastParser.run(cursor.position, cursor.bytes.length);
    }
    return this.#read();
  }

  #read(): Readonly<EventRow> | undefined {
    const cursor = this.#cursor;
    let done = cursor.position;
    try {
      while (this.#expecting !== 'nothing') {
        const row = this.#step();
        if (row !== undefined) {
          return row;
        }
        done = cursor.position;
      }
      this.#expectNothing();
    } catch (reason) {
      if (reason !== incomplete) {
        throw reason;
      }
    }
    if (this.#expecting !== 'nothing') {
      cursor.position = done;
    }
    return undefined;
  }

  /** Keeps what was not consumed, so that the memory of the last piece is free again. */
  #setAside(): void {
    const cursor = this.#cursor;
    const left = cursor.bytes.subarray(cursor.position);
    if (this.#ended && (this.#expecting !== 'nothing' || left.length > 0)) {
      cursor.position = cursor.bytes.length;
      throw cursor.damage('the text ends before its array does');
    }
    this.#checkLength(left.length);
    if (left.length > this.#pending.length) {
      this.#pending = Buffer.allocUnsafeSlow(left.length * 2);
    }
    // The unfinished event may be in this very memory, further back.
    this.#pending.set(left);
    this.#unfinished = left.length;
    // It is not read again before its bytes have doubled: otherwise many small pieces would cost quadratic time.
    this.#enough = this.#ended ? 0 : left.length * 2;
    cursor.base += cursor.position;
    cursor.position = 0;
    cursor.bytes = this.#pending.subarray(0, left.length);
  }

  #checkLength(bytes: number): void {
    if (bytes > this.#mostEventBytes) {
      throw this.#cursor.damage(`an event is longer than ${this.#mostEventBytes} bytes, which no etcd takes`);
    }
  }

  #step(): Readonly<EventRow> | undefined {
    const cursor = this.#cursor;
    switch (this.#expecting) {
      case 'array':
        cursor.expect(Byte.openBracket);
        this.#expecting = 'first event';
        return undefined;
      case 'first event':
        this.#expecting = cursor.accept(Byte.closeBracket) ? 'nothing' : 'event';
        return undefined;
      case 'separator':
        if (cursor.accept(Byte.closeBracket)) {
          this.#expecting = 'nothing';
          return undefined;
        }
        cursor.expect(Byte.comma);
        this.#expecting = 'event';
        return undefined;
      case 'event': {
        const row = this.#reader.read();
        this.#expecting = 'separator';
        return row;
      }
      case 'nothing':
        return undefined;
      default:
        return this.#expecting satisfies never;
    }
  }

  /** Only white space may follow the array, which is consumed. */
  #expectNothing(): void {
    this.#cursor.peek();
    throw this.#cursor.damage('something follows the array of events');
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
