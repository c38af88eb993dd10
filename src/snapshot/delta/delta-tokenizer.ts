import { EventReader } from './event-reader.ts';
import { type EventTable, EventTableBuilder } from './event-table.ts';
import { Byte, incomplete, JsonCursor } from './json-cursor.ts';

/** Bytes of one event beyond which the text is refused rather than collected further. */
const MAX_EVENT_BYTES = 256 * 1024 * 1024;

/** An unfinished event longer than this is not looked at again until its bytes have doubled. */
const PATIENT_FROM = 64 * 1024;

type Expecting = 'array' | 'first event' | 'event' | 'separator' | 'nothing';

/**
 * Reads the JSON text of a delta (without its hash) in pieces of any size. Holds at most one unfinished event.
 *
 * Accepts members in any order, unknown members, white space and escapes, and numbers up to int64 for leases, as any
 * JSON reader would; throws {@link DeltaDamage} for everything else. The order of revisions is not looked at.
 */
export class DeltaTokenizer {
  readonly #cursor = new JsonCursor();
  readonly #reader = new EventReader(this.#cursor);
  #expecting: Expecting = 'array';
  #pending: Buffer = Buffer.alloc(0);
  #filled = 0;
  #patience = 0;

  /** Takes the next bytes of the text and returns the events they complete, if any. */
  push(bytes: Uint8Array): EventTable | undefined {
    this.#collect(bytes);
    if (this.#filled < this.#patience) {
      return undefined;
    }
    const table = this.#parse();
    const left = this.#filled;
    if (left > MAX_EVENT_BYTES) {
      throw this.#cursor.damage(`an event is longer than ${MAX_EVENT_BYTES} bytes`);
    }
    this.#patience = left > PATIENT_FROM ? left * 2 : 0;
    return table;
  }

  /** Ends the text. Returns events that had waited; throws {@link DeltaDamage} when the text is not whole. */
  end(): EventTable | undefined {
    const table = this.#parse();
    if (this.#expecting !== 'nothing' || this.#filled > 0) {
      throw this.#cursor.damage('the text ends before its array does');
    }
    return table;
  }

  #collect(bytes: Uint8Array): void {
    const needed = this.#filled + bytes.length;
    if (needed > this.#pending.length) {
      const wider = Buffer.allocUnsafeSlow(needed * 2);
      wider.set(this.#pending.subarray(0, this.#filled));
      this.#pending = wider;
    }
    this.#pending.set(bytes, this.#filled);
    this.#filled = needed;
  }

  /** Reads as many events as are whole and moves what is left to the front. */
  #parse(): EventTable | undefined {
    const cursor = this.#cursor;
    cursor.bytes = this.#pending.subarray(0, this.#filled);
    cursor.position = 0;
    // Base64 shrinks, so the decoded bytes always fit.
    const slab = Buffer.allocUnsafeSlow(Math.ceil(this.#filled * 0.75));
    const builder = new EventTableBuilder(slab);
    let done = 0;
    try {
      while (this.#expecting !== 'nothing') {
        this.#step(builder, slab);
        done = cursor.position;
      }
      done = this.#expectNothing();
    } catch (reason) {
      if (reason !== incomplete) {
        throw reason;
      }
    }
    this.#pending.copyWithin(0, done, this.#filled);
    this.#filled -= done;
    cursor.base += done;
    cursor.position = 0;
    return builder.count === 0 ? undefined : builder.finish();
  }

  #step(builder: EventTableBuilder, slab: Buffer): void {
    const cursor = this.#cursor;
    switch (this.#expecting) {
      case 'array':
        cursor.expect(Byte.openBracket);
        this.#expecting = 'first event';
        return;
      case 'first event':
        if (cursor.accept(Byte.closeBracket)) {
          this.#expecting = 'nothing';
          return;
        }
        this.#expecting = 'event';
        return;
      case 'separator':
        if (cursor.accept(Byte.closeBracket)) {
          this.#expecting = 'nothing';
          return;
        }
        cursor.expect(Byte.comma);
        this.#expecting = 'event';
        return;
      case 'event':
        builder.add(this.#reader.read(slab, builder.count === 0 ? 0 : this.#reader.used));
        this.#expecting = 'separator';
        return;
      case 'nothing':
        return;
      default:
        this.#expecting satisfies never;
    }
  }

  /** Only white space may follow the array; returns where the bytes end. */
  #expectNothing(): number {
    const cursor = this.#cursor;
    try {
      cursor.peek();
    } catch (reason) {
      if (reason === incomplete) {
        return cursor.position;
      }
      throw reason;
    }
    throw cursor.damage('something follows the array of events');
  }
}
