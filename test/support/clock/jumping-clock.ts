import type { Clock } from '../../../src/runtime/clock.ts';

/** A clock that stops except while someone sleeps: then it jumps to the end of the sleep at once. */
export interface JumpingClock extends Clock {
  /** Lengths of all sleeps so far, ms. */
  readonly sleeps: readonly number[];
  /** Lets time pass without a sleep, ms. */
  advance(ms: number): void;
}

/** A {@link JumpingClock} that shows `now`, ms since the epoch. */
export function jumpingClock(now = Date.UTC(2026, 10, 21, 12)): JumpingClock {
  const sleeps: number[] = [];
  let elapsed = 0;
  return {
    sleeps,
    now: () => now + elapsed,
    monotonic: () => elapsed,
    advance(ms) {
      elapsed += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      elapsed += ms;
      await Promise.resolve();
      signal?.throwIfAborted();
    },
  };
}
