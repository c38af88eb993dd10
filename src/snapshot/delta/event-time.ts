/** When an event was received: whole seconds since the Unix epoch, and nanoseconds, which one number could not hold. */
export interface EventTime {
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
}

/** The event time of a wall clock that counts milliseconds; fractions of one are dropped. */
export function eventTimeOf(milliseconds: number): EventTime {
  const whole = Math.floor(milliseconds);
  const seconds = Math.floor(whole / 1000);
  return { seconds, nanos: (whole - seconds * 1000) * 1_000_000 };
}

/** RFC 3339 in UTC with as many digits of the fraction as are not trailing zeros (Go's RFC3339Nano). */
export function formatEventTime(time: EventTime): string {
  const whole = new Date(time.seconds * 1000).toISOString().slice(0, 19);
  if (time.nanos === 0) {
    return `${whole}Z`;
  }
  return `${whole}.${String(time.nanos).padStart(9, '0').replace(/0+$/, '')}Z`;
}

const RFC3339 =
  /^((\d{4})-(\d\d)-(\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads RFC 3339 with any zone; digits below a nanosecond are dropped. Undefined when it is none, or names a day that the
 * calendar does not have.
 */
export function parseEventTime(text: string): EventTime | undefined {
  const match = RFC3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, whole, year, month, day, fraction = '', zone] = match;
  if (Number(day) > daysIn(Number(year), Number(month))) {
    return undefined;
  }
  const milliseconds = Date.parse(`${whole}${zone}`.toUpperCase());
  if (Number.isNaN(milliseconds)) {
    return undefined;
  }
  return { seconds: milliseconds / 1000, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) };
}

/** Days in a month, which counts from 1. `Date` itself takes 30 February for the second day of March. */
function daysIn(year: number, month: number): number {
  // The calendar repeats after 400 years, and years below 100 would count from 1900.
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
