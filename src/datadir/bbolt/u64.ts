const WORD = 2 ** 32;

/**
 * Reads a little-endian u64 as a number. Values above 2^53 come out rounded, but never below 2^53,
 * so a caller that compares the result with a bound of its own refuses them.
 */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * WORD + view.getUint32(at, true);
}

/** Writes a safe non-negative integer as a little-endian u64. */
export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % WORD, true);
  view.setUint32(at + 4, Math.floor(value / WORD), true);
}
