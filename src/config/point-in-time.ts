import { type EventTime, parseEventTime } from '../snapshot/delta/event-time.ts';
import { parseDuration } from './duration.ts';
import type { ParseResult } from './parse-result.ts';

/** A point in time as users write it. */
export type WrittenTime =
  | { readonly kind: 'at'; readonly time: EventTime }
  /** So many ms before now. */
  | { readonly kind: 'ago'; readonly ms: number };

/**
 * Reads a point in time: RFC 3339, the same with a space, without seconds, with `+0100` or without a zone (UTC, as `list` prints it),
 * seconds since the Unix epoch (as in the names of snapshots), or a duration followed by `ago`. What `list` prints and names hold are
 * whole seconds: they mean the end of that second.
 */
export function readWrittenTime(text: string): ParseResult<WrittenTime> {
  const written = text.trim();
  const ago = /^(.*\S)\s+ago$/i.exec(written)?.[1];
  if (ago !== undefined) {
    const ms = parseDuration(ago.replace(/\s+/g, ''));
    return ms === undefined || ms < 0
      ? { wrong: 'before "ago" there is no duration such as 5m' }
      : { value: { kind: 'ago', ms } };
  }
  if (/^\d{9,11}$/.test(written)) {
    return { value: { kind: 'at', time: { seconds: Number(written), nanos: 999_999_999 } } };
  }
  const time = parseEventTime(spelledOut(written));
  return time === undefined ? { wrong: 'it is no time' } : { value: { kind: 'at', time } };
}

/** Completes what RFC 3339 does not let be left out. */
function spelledOut(written: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(?:UTC|([Zz])|([+-]\d\d):?(\d\d)?)?$/.exec(
    written,
  );
  if (parts === null) {
    return written;
  }
  const [, date, minutes, seconds = ':00', zulu, hours, rest = '00'] = parts;
  if (zulu === undefined && hours === undefined) {
    const end = parts[3] === undefined ? ':00' : seconds.includes('.') ? seconds : `${seconds}.999999999`;
    return `${date}T${minutes}${end}Z`;
  }
  return `${date}T${minutes}${seconds}${hours === undefined ? 'Z' : `${hours}:${rest}`}`;
}
