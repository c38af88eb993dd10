import type { KeyRange } from './key-range.ts';

/** The keys that a permission covers. */
export type KeyInterval = KeyRange;

/**
 * Whether intervals together cover a whole range: those that overlap it have to leave no hole.
 *
 * As in etcd, a range that ends before it begins is covered by an interval that contains its beginning. It has no keys, but the
 * answer decides about the transaction around it. (When such a range ends at or below the lowest of several intervals, etcd's
 * answer depends on the shape of its tree; this function may then allow what etcd refuses.)
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
