import { isOlder } from '../ahead-of-clock.ts';
import { restorable } from '../chain.ts';
import { isTooSmall } from '../too-small.ts';
import { beganOn, type HistoryMarker } from './history-marker.ts';
import type { Aged } from './suspected-forks.ts';

/** Something that a base may have in its place, and the full that leads to it: undefined where that is gone. */
export interface LeadingAlike<T> {
  readonly other: T;
  readonly fullOf: T | undefined;
}

/** Clocks that are set back by more put a new cluster before more of the dead one, whose revisions show it then; s. */
const SET_BACK_BY = 55 * 60;
/** Larger fulls are not read for a clock that may have been set back by minutes, bytes. */
const LARGEST_FULL = 16 * 1024 * 1024;

/**
 * What was named shortly before a full and holds its last revision: another full that ends there, and deltas after another full. They are of
 * its history, unless a clock was set back by minutes when a new cluster began: its first snapshots then have names from just before the
 * last full of the dead one, or of the same second, and all looks like one line. What a marker separates from it is none of that. The newest first.
 */
export function olderAtEnd<T extends Aged>(
  base: T,
  snapshots: readonly T[],
  begunBy: HistoryMarker | undefined,
): readonly LeadingAlike<T>[] {
  const end = base.lastRevision;
  const began = begunBy === undefined ? 0 : beganOn(begunBy);
  const since = Math.max(base.createdOn - SET_BACK_BY, began <= base.createdOn ? began : 0);
  const whole = restorable(snapshots);
  const soon = whole.filter(
    (each) =>
      each !== base && !isTooSmall(each) && (isOlder(each, base) || isAsOld(each, base)) && each.createdOn >= since,
  );
  const fulls = soon.filter(({ kind }) => kind === 'Full');
  return soon
    .filter(({ lastRevision }) => lastRevision >= end)
    .flatMap((other) => {
      const { kind, startRevision, lastRevision, size = 0 } = other;
      if (kind === 'Full') {
        return lastRevision === end && size <= LARGEST_FULL ? { other, fullOf: other } : [];
      }
      const fullOf = fulls.findLast((full) => full.lastRevision < startRevision);
      const isOrphan = !whole.some((each) => each.kind === 'Full' && each.lastRevision < startRevision);
      return startRevision > end || (fullOf === undefined && !isOrphan) ? [] : { other, fullOf };
    })
    .toReversed();
}

/** Whether two have names of one second. */
function isAsOld(one: Aged, other: Aged): boolean {
  return one.ahead === undefined && other.ahead === undefined && one.createdOn === other.createdOn;
}
