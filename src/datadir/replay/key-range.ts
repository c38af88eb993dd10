/**
 * The keys a request is about, as byte strings: from `from` on, up to but without `to`; `undefined` is no upper end.
 * etcd writes a single key as an empty range end and an open end as the byte 0.
 */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
}

/** The range of a request's key and range end. */
export function keyRange(key: string, rangeEnd: string): KeyRange {
  if (rangeEnd === '') {
    // Nothing sorts between a key and the same key with a zero byte behind it.
    return { from: key, to: `${key}\0` };
  }
  return { from: key, to: rangeEnd === '\0' ? undefined : rangeEnd };
}

/** Whether a key lies in a range. */
export function inRange(range: KeyRange, key: string): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}
