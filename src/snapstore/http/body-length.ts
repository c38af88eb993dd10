import type { IncomingHttpHeaders } from 'node:http';

/** The length that an answer states for its body, bytes; undefined when it states none, as one that comes in pieces. */
export function bodyLength(headers: Pick<IncomingHttpHeaders, 'content-length'>): number | undefined {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** How many bytes a range of an object has; `size` is that of the whole object. */
export function lengthOfPart(
  size: number | undefined,
  range: { readonly start: number; readonly end: number } | undefined,
): number | undefined {
  return size === undefined || range === undefined
    ? size
    : Math.max(0, Math.min(range.end, size) - Math.min(range.start, size));
}
