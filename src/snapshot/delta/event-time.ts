/** When an event was seen: whole seconds since the Unix epoch and nanoseconds above them. Nanoseconds do not fit a double. */
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

const RFC3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** Reads RFC 3339 with any zone; digits below a nanosecond are dropped. Undefined when it is none. */
export function parseEventTime(text: string): EventTime | undefined {
  const match = RFC3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, whole, fraction = '', zone] = match;
  const milliseconds = Date.parse(`${whole}${zone}`.toUpperCase());
  if (Number.isNaN(milliseconds)) {
    return undefined;
  }
  return { seconds: milliseconds / 1000, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) };
}
