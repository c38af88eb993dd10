/** Numbers that look random and are the same in every run with the same seed. */
export interface RandomSource {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** `length` bytes. */
  bytes(length: number): Uint8Array;
}

/** A small generator (mulberry32) for reproducible test data. */
export function randomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit) => next() % limit,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
