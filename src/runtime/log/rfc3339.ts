/** A time with milliseconds in RFC 3339, in the local time zone (`TZ`): `2026-11-21T12:18:07.123+01:00`. */
export function rfc3339(ms: number): string {
  const date = new Date(ms);
  const offset = -date.getTimezoneOffset();
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
  if (offset === 0) {
    return `${local}Z`;
  }
  const size = Math.abs(offset);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  const minutes = String(size % 60).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}
