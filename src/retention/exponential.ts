import type { Snapshot } from '../snapshot/snapshot.ts';
import { type DeleteReason, type KeepReason, keep, remove, type Verdict } from './verdict.ts';

const HOUR = 60 * 60;
const DAY = 24 * HOUR;

/** Days back from today whose fulls are thinned to one a day. */
const DAILY_DAYS = 7;

/** Weeks before those days whose fulls are thinned to one a week. */
const WEEKLY_WEEKS = 4;

/** A span of time from which one full is kept. */
interface Window {
  /** Differs between windows. */
  readonly name: string;
  readonly kept: KeepReason;
  readonly deleted: DeleteReason;
}

/**
 * `Exponential`, by UTC: all fulls of this hour; of the rest of today the newest of each hour; of the seven days before today the
 * newest of each day; of the four weeks before those the newest of each week; nothing older. Fulls are in chain order, and the
 * newest is the last. Fulls created after `now` stay.
 */
export function exponentialVerdicts<T extends Snapshot>(
  fulls: readonly T[],
  { now }: { /** ms since the epoch. */ readonly now: number },
): ReadonlyMap<T, Verdict> {
  const nowSeconds = Math.floor(now / 1000);
  const taken = new Set<string>();
  const verdicts = new Map<T, Verdict>();
  for (const full of fulls.toReversed()) {
    const window = windowOf(full.createdOn, nowSeconds);
    if (typeof window === 'string') {
      verdicts.set(full, window === 'too_old' ? remove(window) : keep(window));
      continue;
    }
    verdicts.set(full, taken.has(window.name) ? remove(window.deleted) : keep(window.kept));
    taken.add(window.name);
  }
  return verdicts;
}

function windowOf(created: number, now: number): Window | 'this_hour' | 'created_in_future' | 'too_old' {
  const hour = Math.floor(created / HOUR);
  if (hour === Math.floor(now / HOUR)) {
    return 'this_hour';
  }
  if (created > now) {
    return 'created_in_future';
  }
  const daysAgo = Math.floor(now / DAY) - Math.floor(created / DAY);
  if (daysAgo === 0) {
    return { name: `hour ${hour}`, kept: 'newest_of_hour', deleted: 'not_newest_of_hour' };
  }
  if (daysAgo <= DAILY_DAYS) {
    return { name: `day ${daysAgo}`, kept: 'newest_of_day', deleted: 'not_newest_of_day' };
  }
  const weeksAgo = Math.floor((daysAgo - 1 - DAILY_DAYS) / 7);
  if (weeksAgo < WEEKLY_WEEKS) {
    return { name: `week ${weeksAgo}`, kept: 'newest_of_week', deleted: 'not_newest_of_week' };
  }
  return 'too_old';
}
