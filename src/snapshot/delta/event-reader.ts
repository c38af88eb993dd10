import { Int64Map } from '../../runtime/int64-map.ts';
import { EventBytes } from './event-bytes.ts';
import { EVENT, KEY_VALUE, MemberReader, OUTER } from './event-members.ts';
import { type EventRow, emptyRow, resetRow } from './event-row.ts';
import { Byte, type JsonCursor } from './json-cursor.ts';
import { TimeReader } from './time-reader.ts';

/** Reads one event of a delta: `{"etcdEvent":{"type":…,"kv":{…}},"time":"…"}`. */
export class EventReader {
  readonly #cursor: JsonCursor;
  readonly #time: TimeReader;
  readonly #row = emptyRow();
  readonly #bytes: EventBytes;
  readonly #members: MemberReader;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
    this.#time = new TimeReader(cursor);
    this.#bytes = new EventBytes(cursor);
    this.#members = new MemberReader(cursor);
  }

  /** Consumes one event. The next call overwrites the row and its bytes. */
  read(): Readonly<EventRow> {
    const cursor = this.#cursor;
    this.#bytes.reset();
    resetRow(this.#row);
    let found = false;
    cursor.expect(Byte.openBrace);
    if (!cursor.accept(Byte.closeBrace)) {
      do {
        switch (this.#members.read(OUTER)) {
          case 'etcdEvent':
            this.#readEvent();
            found = true;
            break;
          case 'time':
            this.#time.read(this.#row);
            break;
          case 'leaseTtls':
            this.#row.leaseTtls = this.#readLeaseTtls();
            break;
          default:
            cursor.skipValue();
        }
      } while (cursor.accept(Byte.comma));
      cursor.expect(Byte.closeBrace);
    }
    if (!found) {
      throw cursor.damage('an event without "etcdEvent"');
    }
    this.#row.bytes = this.#bytes.bytes;
    return this.#row;
  }

  #readEvent(): void {
    const cursor = this.#cursor;
    let found = false;
    cursor.expect(Byte.openBrace);
    if (!cursor.accept(Byte.closeBrace)) {
      do {
        switch (this.#members.read(EVENT)) {
          case 'type':
            this.#readType();
            break;
          case 'kv':
            this.#readKeyValue();
            found = true;
            break;
          default:
            cursor.skipValue();
        }
      } while (cursor.accept(Byte.comma));
      cursor.expect(Byte.closeBrace);
    }
    if (!found) {
      throw cursor.damage('an event without "kv"');
    }
    this.#checkRow();
  }

  #readKeyValue(): void {
    const cursor = this.#cursor;
    const row = this.#row;
    cursor.expect(Byte.openBrace);
    if (cursor.accept(Byte.closeBrace)) {
      return;
    }
    do {
      switch (this.#members.read(KEY_VALUE)) {
        case 'key':
          row.keyStart = this.#bytes.end;
          this.#bytes.read();
          row.keyEnd = this.#bytes.end;
          break;
        case 'value':
          row.valueStart = this.#bytes.end;
          this.#bytes.read();
          row.valueEnd = this.#bytes.end;
          break;
        case 'modRevision':
          row.modRevision = this.#readCount();
          break;
        case 'createRevision':
          row.createRevision = this.#readCount();
          break;
        case 'version':
          row.version = this.#readCount();
          break;
        case 'lease':
          row.lease = this.#readLease();
          break;
        default:
          cursor.skipValue();
      }
    } while (cursor.accept(Byte.comma));
    cursor.expect(Byte.closeBrace);
  }

  #readType(): void {
    const type = this.#cursor.readInteger();
    if (type !== 0 && type !== 1) {
      throw this.#cursor.damage(`an event of unknown type ${type}`);
    }
    this.#row.isDelete = type === 1;
  }

  #checkRow(): void {
    const row = this.#row;
    if (row.keyEnd === row.keyStart) {
      throw this.#cursor.damage('an event without a key');
    }
    if (row.modRevision === 0) {
      throw this.#cursor.damage('an event without a revision');
    }
    const created = row.createRevision > 0 && row.createRevision <= row.modRevision;
    if (!row.isDelete && (!created || row.version === 0)) {
      throw this.#cursor.damage(
        `a put at revision ${row.modRevision} of a key created at ${row.createRevision} with version ${row.version}`,
      );
    }
  }

  /** A revision or version: 0 to 2^53 - 1. */
  #readCount(): number {
    const count = this.#cursor.readInteger();
    if (count < 0 || count > Number.MAX_SAFE_INTEGER) {
      throw this.#cursor.damage('a number that is negative or above 2^53');
    }
    return count;
  }

  /** An int64. */
  #readLease(): bigint {
    const cursor = this.#cursor;
    const rounded = cursor.readInteger();
    if (Number.isSafeInteger(rounded)) {
      return BigInt(rounded);
    }
    return this.#int64(cursor.bytes.toString('latin1', cursor.start, cursor.end));
  }

  /** Lease ids and TTLs in seconds, see DeltaEncoder. */
  #readLeaseTtls(): Int64Map<number> {
    const cursor = this.#cursor;
    const ttls = new Int64Map<number>();
    cursor.expect(Byte.openBrace);
    if (!cursor.accept(Byte.closeBrace)) {
      do {
        cursor.readName();
        const lease = this.#int64(cursor.text());
        cursor.expect(Byte.colon);
        const seconds = this.#readCount();
        if (seconds === 0) {
          throw cursor.damage('a lease with a TTL of 0');
        }
        ttls.set(lease, seconds);
      } while (cursor.accept(Byte.comma));
      cursor.expect(Byte.closeBrace);
    }
    return ttls;
  }

  #int64(digits: string): bigint {
    const value = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
    if (value === undefined || BigInt.asIntN(64, value) !== value) {
      throw this.#cursor.damage('a lease id that is no int64');
    }
    return value;
  }
}
