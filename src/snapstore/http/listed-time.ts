import type { Clock } from '../../runtime/clock.ts';

/**
 * When an object was written, ms since the epoch, of what a listing says. Where that is no time, it counts as written now: nothing is removed for
 * an age that nobody knows, and what is locked for some time counts as locked.
 */
export function listedTime(time: number | undefined, clock: Pick<Clock, 'now'>): number {
  return time !== undefined && Number.isFinite(time) ? time : clock.now();
}
