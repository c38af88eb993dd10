import { isAheadOfClock } from '../ahead-of-clock.ts';
import { restorable } from '../chain.ts';
import { coverFrom } from '../cover.ts';
import { isTooSmall } from '../too-small.ts';
import { historiesOf } from './histories.ts';
import type { StoreMarker } from './history-marker.ts';
import type { Aged } from './suspected-forks.ts';

/**
 * Marks what is named ahead of the clock, which is at `seconds` since the epoch. Such a name proves nothing: where a chain of
 * snapshots that can be believed reaches as far, it is excluded, and elsewhere its age follows from the next snapshot of its
 * history. Without such names the listing is returned as it is.
 */
export function markAheadOfClock<T extends Aged>(
  listing: readonly T[],
  markers: readonly StoreMarker[],
  seconds: number,
): readonly T[] {
  if (!listing.some((each) => isAheadOfClock(each, seconds))) {
    return listing;
  }
  const { living, left } = historiesOf(listing, markers);
  const marked = new Map<T, T>();
  for (const { snapshots, own } of [living, ...left]) {
    const credible = restorable(snapshots).filter((each) => !(isAheadOfClock(each, seconds) || isTooSmall(each)));
    for (const snapshot of own.filter((each) => isAheadOfClock(each, seconds))) {
      const next = credible.find(({ lastRevision }) => lastRevision >= snapshot.lastRevision);
      const before = next?.createdOn;
      const isExcluded = isReached(snapshot, credible);
      const ahead = isExcluded && snapshot.excluded !== true ? ({ before, isReached: true } as const) : { before };
      marked.set(snapshot, { ...snapshot, ahead, ...(isExcluded ? { excluded: true } : {}) });
    }
  }
  return listing.map((snapshot) => marked.get(snapshot) ?? snapshot);
}

/** Whether a chain of others, in chain order, reaches the end of a snapshot. */
function isReached<T extends Aged>({ lastRevision }: T, credible: readonly T[]): boolean {
  const baseAt = credible.findLastIndex((each) => each.kind === 'Full' && each.lastRevision <= lastRevision);
  const base = credible[baseAt];
  if (base === undefined) {
    return false;
  }
  const deltas = credible.slice(baseAt + 1).filter(({ kind }) => kind === 'Incr');
  return coverFrom({ base, covered: base.lastRevision, deltas }).lastRevision >= lastRevision;
}
