import { Int64Map } from '../../runtime/int64-map.ts';
import { decodeBase64 } from './base64.ts';
import type { EventRow } from './event-row.ts';
import { Byte, type JsonCursor } from './json-cursor.ts';
import { TimeReader } from './time-reader.ts';

/** Bytes for the key and value of an event; more when an event needs it. */
const BUFFER_SIZE = 16 * 1024;

/** From here on an event gets no more room than it needs, bytes. */
const LARGE_EVENT = 4 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** Known members as they are written when nothing is escaped. */
const Member = {
  etcdEvent: Buffer.from('"etcdEvent":'),
  time: Buffer.from('"time":'),
  type: Buffer.from('"type":'),
  kv: Buffer.from('"kv":'),
  key: Buffer.from('"key":'),
  createRevision: Buffer.from('"create_revision":'),
  modRevision: Buffer.from('"mod_revision":'),
  version: Buffer.from('"version":'),
  value: Buffer.from('"value":'),
  lease: Buffer.from('"lease":'),
  leaseTtls: Buffer.from('"leaseTTLs":'),
} as const;

type MemberName = keyof typeof Member;

const NAMES: ReadonlyMap<string, MemberName> = new Map([
  ['etcdEvent', 'etcdEvent'],
  ['time', 'time'],
  ['type', 'type'],
  ['kv', 'kv'],
  ['key', 'key'],
  ['create_revision', 'createRevision'],
  ['mod_revision', 'modRevision'],
  ['version', 'version'],
  ['value', 'value'],
  ['lease', 'lease'],
  ['leaseTTLs', 'leaseTtls'],
]);

/** A member's name and how it is written. */
interface KnownMember {
  readonly name: MemberName;
  readonly text: Uint8Array;
}

/** Members of each level in the order of Go's encoder. */
const OUTER = members('etcdEvent', 'time', 'leaseTtls');
const EVENT = members('kv', 'type');
const KEY_VALUE = members('key', 'createRevision', 'modRevision', 'version', 'value', 'lease');

function members(...names: readonly MemberName[]): readonly KnownMember[] {
  return names.map((name) => ({ name, text: Member[name] }));
}

/** Reads one event of a delta: `{"etcdEvent":{"type":…,"kv":{…}},"time":"…"}`. */
export class EventReader {
  readonly #cursor: JsonCursor;
  readonly #time: TimeReader;
  readonly #row = emptyRow();
  /** Holds key and value of one event. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  /** The same memory as a Uint8Array, of which a subarray is several times faster to make than of a Buffer. */
  #bytes: Uint8Array = new Uint8Array(this.#buffer.buffer);
  #used = 0;
  /** Index of the member that is tried first. */
  #likely = 0;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
    this.#time = new TimeReader(cursor);
  }

  /** Consumes one event. The next call overwrites the row and its bytes. */
  read(): Readonly<EventRow> {
    const cursor = this.#cursor;
    this.#used = 0;
    resetRow(this.#row);
    let found = false;
    cursor.expect(Byte.openBrace);
    if (!cursor.accept(Byte.closeBrace)) {
      do {
        switch (this.#readMember(OUTER)) {
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
    this.#row.bytes = this.#bytes;
    return this.#row;
  }

  #readEvent(): void {
    const cursor = this.#cursor;
    let found = false;
    cursor.expect(Byte.openBrace);
    if (!cursor.accept(Byte.closeBrace)) {
      do {
        switch (this.#readMember(EVENT)) {
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
      switch (this.#readMember(KEY_VALUE)) {
        case 'key':
          row.keyStart = this.#used;
          this.#readBytes();
          row.keyEnd = this.#used;
          break;
        case 'value':
          row.valueStart = this.#used;
          this.#readBytes();
          row.valueEnd = this.#used;
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

  /**
   * Consumes a member's name and colon. `expected` are tried first, in the usual order, from the one after the last member on.
   */
  #readMember(expected: readonly KnownMember[]): MemberName | undefined {
    const cursor = this.#cursor;
    for (let tries = 0; tries < expected.length; tries++) {
      if (this.#likely >= expected.length) {
        this.#likely = 0;
      }
      const member = expected[this.#likely++];
      if (member !== undefined && cursor.take(member.text)) {
        return member.name;
      }
    }
    cursor.readName();
    const name = NAMES.get(cursor.text());
    cursor.expect(Byte.colon);
    return name;
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

  /** Decodes a base64 string into the buffer; null is no bytes. */
  #readBytes(): void {
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

function emptyRow(): EventRow {
  return {
    bytes: NOTHING,
    isDelete: false,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    lease: 0n,
    seconds: 0,
    nanos: 0,
    leaseTtls: undefined,
  };
}

function resetRow(row: EventRow): void {
  row.isDelete = false;
  row.keyStart = 0;
  row.keyEnd = 0;
  row.valueStart = 0;
  row.valueEnd = 0;
  row.createRevision = 0;
  row.modRevision = 0;
  row.version = 0;
  row.lease = 0n;
  row.seconds = 0;
  row.nanos = 0;
  row.leaseTtls = undefined;
}
