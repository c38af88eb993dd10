import type { EventTime } from './event-time.ts';
import { parseEventTime } from './event-time.ts';
import { Byte, type JsonCursor } from './json-cursor.ts';

/** Length of `"2026-11-21T08:59:`. Times in the same minute as the last one are read without the calendar. */
const MINUTE_LENGTH = 18;

/** Nanoseconds in the last digit of a fraction, by its number of digits. */
const FRACTION_UNIT = [0, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1] as const;

const UPPER_Z = 0x5a;
const POINT = 0x2e;

/** Reads RFC 3339 times, fast when they are in the same minute as the one before. */
export class TimeReader {
  readonly #cursor: JsonCursor;
  #minute: Buffer = Buffer.alloc(0);
  #minuteSeconds = 0;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
  }

  /** Consumes a string with a time and puts it into `target`. */
  read(target: { -readonly [Part in keyof EventTime]: EventTime[Part] }): void {
    const cursor = this.#cursor;
    if (this.#minute.length > 0 && this.#readInKnownMinute(target)) {
      return;
    }
    cursor.readName();
    const time = parseEventTime(cursor.text());
    if (time === undefined) {
      throw cursor.damage('a time that is not RFC 3339');
    }
    target.seconds = time.seconds;
    target.nanos = time.nanos;
    if (cursor.bytes[cursor.end - 1] === UPPER_Z) {
      this.#minute = Buffer.from(cursor.bytes.subarray(cursor.start - 1, cursor.start - 1 + MINUTE_LENGTH));
      this.#minuteSeconds = Math.floor(time.seconds / 60) * 60;
    }
  }

  /** Consumes `<known minute>SS[.fraction]Z"`; consumes nothing when the text has another form. */
  #readInKnownMinute(target: { seconds: number; nanos: number }): boolean {
    const cursor = this.#cursor;
    const { bytes, position } = cursor;
    if (!cursor.take(this.#minute)) {
      return false;
    }
    let at = cursor.position;
    cursor.position = position;
    const tens = (bytes[at] ?? 0) - Byte.zero;
    const ones = (bytes[at + 1] ?? 0) - Byte.zero;
    at += 2;
    let nanos = 0;
    if (bytes[at] === POINT) {
      const first = at + 1;
      for (at = first; isDigit(bytes[at]); at += 1) {
        nanos = nanos * 10 + (bytes[at] ?? 0) - Byte.zero;
      }
      nanos *= FRACTION_UNIT[at - first] ?? 0;
      if (at === first || at - first > 9) {
        return false;
      }
    }
    if (tens < 0 || tens > 5 || ones < 0 || ones > 9 || bytes[at] !== UPPER_Z || bytes[at + 1] !== Byte.quote) {
      return false;
    }
    target.seconds = this.#minuteSeconds + tens * 10 + ones;
    target.nanos = nanos;
    cursor.position = at + 2;
    return true;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= Byte.zero && byte <= Byte.nine;
}
