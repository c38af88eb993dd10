import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** No timer of Node counts further, ms: a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Since the start of the process, as performance.now(), which loads node:perf_hooks: 2 ms of a start.
  monotonic: () => process.uptime() * 1_000,
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      const options = signal === undefined ? {} : { signal };
      for (let left = ms; left > 0; left -= longestTimerMs) {
        await delay(Math.min(left, longestTimerMs), undefined, options);
      }
    } catch (error) {
      // The timer rejects with an AbortError of its own; callers are promised the signal's reason.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
