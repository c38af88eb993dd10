import { systemClock } from '../../../src/runtime/system-clock.ts';
import { type JumpingClock, jumpingClock } from './jumping-clock.ts';

/** How many times faster than time its sleeps are. */
const PACE = 20;

/**
 * A jumping clock whose sleeps really take a twentieth of their time. For what tries again against a real server: tries without a
 * pause all happen before anything that passes has passed, such as the end of connections that the server has closed.
 */
export function briskClock(): JumpingClock {
  const clock = jumpingClock();
  return {
    ...clock,
    async sleep(ms, signal) {
      await systemClock.sleep(ms / PACE, signal);
      await clock.sleep(ms, signal);
    },
  };
}
