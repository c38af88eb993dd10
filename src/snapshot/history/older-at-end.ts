import { isOlder } from '../ahead-of-clock.ts';
import { restorable } from '../chain.ts';
import { isTooSmall } from '../too-small.ts';
import type { EndingAlike } from './ending-alike.ts';
import { beganOn, type HistoryMarker } from './history-marker.ts';
import type { Aged } from './suspected-forks.ts';

/** Clocks that are set back by more put a new cluster before more of the dead one, whose revisions show it then; s. */
const SET_BACK_BY = 55 * 60;
/** Larger fulls are not read for a clock that may have been set back by minutes, bytes. */
const LARGEST_FULL = 16 * 1024 * 1024;

/**
 * What was named shortly before a full and holds its last revision: another full that ends there, and deltas after another full. They are of
 * its history, unless a clock was set back by minutes when a new cluster began: its first snapshots then have names from just before the
 * last full of the dead one, and all looks like one line. What a marker separates from it is none of that. The newest first.
 */
export function olderAtEnd<T extends Aged>(
  base: T,
  snapshots: readonly T[],
  begunBy: HistoryMarker | undefined,
): readonly EndingAlike<T>[] {
  const end = base.lastRevision;
  const began = begunBy === undefined ? 0 : beganOn(begunBy);
  const since = Math.max(base.createdOn - SET_BACK_BY, began <= base.createdOn ? began : 0);
  const soon = restorable(snapshots).filter(
    (each) => each !== base && !isTooSmall(each) && isOlder(each, base) && each.createdOn >= since,
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
      return fullOf === undefined || startRevision > end ? [] : { other, fullOf };
    })
    .toReversed();
}
