/**
 * Compares bytes `aStart`..`aEnd` of `a` with `bStart`..`bEnd` of `b` as bbolt orders keys: bytewise, a prefix first.
 * Negative, zero or positive.
 */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  for (let index = 0; index < shared; index++) {
    const difference = (a[aStart + index] ?? 0) - (b[bStart + index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return aEnd - aStart - (bEnd - bStart);
}

/** Compares whole keys as bbolt orders them. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareRanges(a, 0, a.length, b, 0, b.length);
}
