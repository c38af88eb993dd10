/**
 * A range of keys, as byte strings: `from` is included, `to` is not; undefined is no upper end. In etcd's requests an empty
 * range end means a single key, and the byte 0 means no upper end.
 */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
}

/** The range of a request's key and range end. */
export function keyRange(key: string, rangeEnd: string): KeyRange {
  if (rangeEnd === '') {
    // Nothing sorts between a key and the same key followed by a zero byte.
    return { from: key, to: `${key}\0` };
  }
  return { from: key, to: rangeEnd === '\0' ? undefined : rangeEnd };
}
