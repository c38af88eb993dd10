import { newestChain } from '../../snapshot/chain.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { nextFiring } from './schedule.ts';

const hourMs = 60 * 60 * 1000;
const usualWindowHours = 24;

/** A listing entry that may be marked as not to be restored from. */
type Listed = Snapshot & { readonly excluded?: boolean };

/** How a snapshotter begins its work. */
export type StartDecision<T> =
  | { readonly begin: 'full'; readonly why: string }
  /** With deltas behind `base` and `deltas`, which are in the store without a hole. */
  | { readonly begin: 'deltas'; readonly base: T; readonly deltas: readonly T[] };

/**
 * Whether a full is needed at the start, or deltas may go on from the backup there is. A full is needed when there is none
 * (or a hole behind it), when the newest is final or older than the schedule's window, and when the next one
 * comes too late for the window, unless the newest was taken at its scheduled time.
 */
export function decideStart<T extends Listed>(state: {
  readonly listing: readonly T[];
  /** 5-field cron of fulls. */
  readonly schedule: string;
  /** ms since the epoch. */
  readonly now: number;
}): StartDecision<T> {
  const { listing, schedule, now } = state;
  const full = (why: string): StartDecision<T> => ({ begin: 'full', why });
  const plan = newestChain(listing);
  if (plan.outcome === 'empty') {
    return full('there is no backup yet');
  }
  if (plan.outcome === 'gap') {
    return full('the newest backup has a hole');
  }
  const { base, deltas } = plan;
  if (base.isFinal) {
    return full('the newest full is final');
  }
  const windowMs = windowHours(schedule) * hourMs;
  const takenAt = base.createdOn * 1000;
  if (now - takenAt > windowMs) {
    return full(`the newest full is older than ${windowMs / hourMs} hours`);
  }
  const next = nextFiring(schedule, now);
  // What was created within a minute after the last scheduled time was taken for it.
  const takenInTime = nextFiring(schedule, takenAt - 60_000) <= takenAt && nextFiring(schedule, takenAt) > now;
  if (!takenInTime && next - takenAt > windowMs) {
    return full(`the next full comes more than ${windowMs / hourMs} hours after the newest`);
  }
  return { begin: 'deltas', base, deltas };
}

/** Within how many hours there must be a full: a day, a week when the schedule names weekdays, N for every Nth hour. */
export function windowHours(schedule: string): number {
  const [, hour = '*', dayOfMonth = '*', , weekday = '*'] = schedule.split(' ');
  if (weekday !== '*') {
    return 7 * usualWindowHours;
  }
  const step = /\/(\d+)$/.exec(hour)?.[1];
  return dayOfMonth === '*' && step !== undefined ? Number(step) : usualWindowHours;
}
