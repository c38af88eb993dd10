import type { KeyRange } from './key-range.ts';

/** Keys a permission is about. */
export type KeyInterval = KeyRange;

/**
 * Whether intervals together contain a whole range: those that touch it have to follow each other without a hole.
 *
 * A range that ends before it begins is covered by an interval that contains its beginning, as in etcd: it is about no key,
 * but a transaction it stands in is not refused for it. (Where such a range ends at or below the lowest of several
 * intervals, etcd's answer hangs on the shape of its tree; then ours may be the more generous one.)
 * Source: etcd, pkg/adt/interval_tree.go, Compare and Contains.
 */
export function coversRange(intervals: readonly KeyInterval[], range: KeyRange): boolean {
  const touching = intervals
    .filter((one) => (one.from <= range.from || isBelow(one.from, range.to)) && isBelow(range.from, one.to))
    .toSorted((a, b) => (a.from < b.from ? -1 : Number(a.from > b.from)));
  const [first, ...others] = touching;
  if (first === undefined || first.from > range.from) {
    return false;
  }
  let reached = first.to;
  for (const one of others) {
    if (reached !== undefined && reached < one.from) {
      return false;
    }
    reached = furthest(reached, one.to);
  }
  return reached === undefined || (range.to !== undefined && reached >= range.to);
}

function isBelow(key: string, end: string | undefined): boolean {
  return end === undefined || key < end;
}

function furthest(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : a > b ? a : b;
}
