import { countText } from '../../runtime/log/amount.ts';
import { newestChain } from '../../snapshot/chain.ts';
import { isFollowed } from '../../snapshot/history/time-to-continue.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Schedule } from './schedule.ts';

const hourMs = 60 * 60 * 1000;

/** A listing entry that may be marked as not to be restored from. */
type Listed = Snapshot & { readonly excluded?: boolean };

/** How a snapshotter begins its work. */
export type StartDecision<T> =
  | { readonly begin: 'full'; readonly why: string }
  /**
   * With deltas that continue the chain of `base` and `deltas`, which is in the store without a gap; and with a full at once where `fullNow`
   * says why.
   */
  | { readonly begin: 'deltas'; readonly base: T; readonly deltas: readonly T[]; readonly fullNow: string | undefined };

/**
 * Whether a full is needed before anything else, or deltas may continue the newest chain in the store. A full comes first when there is no
 * chain (or it has a gap), and when its full is final. A full is due next to the deltas when the newest is older than the schedule's
 * window, and when the next one comes too late for the window, unless the newest was taken at its scheduled time.
 */
export function decideStart<T extends Listed>(state: {
  readonly listing: readonly T[];
  /** Of fulls. */
  readonly schedule: Schedule;
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
    return full('the newest backup has a gap');
  }
  const { base, deltas } = plan;
  if (base.isFinal) {
    return full('the newest full is final');
  }
  if (!isFollowed(base.createdOn, now / 1000)) {
    return full('the newest full is named for a time that has not come yet');
  }
  return { begin: 'deltas', base, deltas, fullNow: whyDue(base, schedule, now) };
}

/** Why a full is due now, after `base`; undefined when none is. */
function whyDue(base: Snapshot, schedule: Schedule, now: number): string | undefined {
  const windowMs = schedule.windowHours * hourMs;
  const takenAt = base.createdOn * 1000;
  if (now - takenAt > windowMs) {
    return `the newest one is older than ${countText(schedule.windowHours, 'hour')}`;
  }
  const next = schedule.nextFiring(now);
  // What was created within a minute after the last scheduled time was taken for it.
  const takenInTime = schedule.nextFiring(takenAt - 60_000) <= takenAt && schedule.nextFiring(takenAt) > now;
  return !takenInTime && next - takenAt > windowMs
    ? `the next one comes more than ${countText(schedule.windowHours, 'hour')} after the newest`
    : undefined;
}
