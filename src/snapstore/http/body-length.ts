import type { IncomingHttpHeaders } from 'node:http';

/** The length that an answer states for its body, bytes; undefined when it states none, as one that comes in pieces. */
export function bodyLength(headers: Pick<IncomingHttpHeaders, 'content-length'>): number | undefined {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}
