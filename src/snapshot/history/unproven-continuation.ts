import { type Revision, revision } from '../../revision.ts';
import type { Snapshot } from '../snapshot.ts';
import type { History } from './histories.ts';
import { beganOn, beginsHistory, type DoubtMarker, type StoreMarker } from './history-marker.ts';

/** A full of which nothing proves that its cluster continues what was stored before it. */
export interface UnprovenContinuation {
  /** Up to this revision it is proved. */
  readonly after: Revision;
  /** The revision that the full reaches. */
  readonly upTo: Revision;
  /** When it was taken, seconds since the epoch. It may be gone long before what it puts in doubt. */
  readonly takenOn: number;
}

/**
 * What the markers of a store say of this, and what is known besides. A history that began after such a full counts revisions again: of those
 * beyond what it shares, nothing is in doubt by what was before.
 */
export function unprovenIn(
  markers: readonly StoreMarker[],
  besides: readonly UnprovenContinuation[] = [],
): readonly UnprovenContinuation[] {
  const begun = markers.filter(beginsHistory);
  const marked = markers
    .filter((marker): marker is DoubtMarker => marker.why === 'continuation_unproven')
    .map(({ shared, upTo, begunOn }): UnprovenContinuation => ({ after: shared, upTo, takenOn: begunOn }));
  return [...marked, ...besides].map(({ after, upTo, takenOn }) => {
    const later = begun.filter((marker) => beganOn(marker) > takenOn);
    return {
      after,
      upTo: revision(later.reduce((least: number, { shared }) => Math.min(least, shared), upTo)),
      takenOn,
    };
  });
}

/** What the markers of a store say of this about one history: what began when it was left, or later, says nothing of it. */
export function unprovenOf(
  { leftBy }: Pick<History<Snapshot>, 'leftBy'>,
  markers: readonly StoreMarker[],
): readonly UnprovenContinuation[] {
  const isLater = (marker: StoreMarker): boolean => leftBy !== undefined && marker.begunOn >= leftBy.begunOn;
  return unprovenIn(markers.filter((marker) => !(beginsHistory(marker) && isLater(marker))));
}

/**
 * Whether a snapshot may lead to states of another history than the full. Its revisions tell, not its age, which a wrong clock may have
 * written: what comes after the full begins after it.
 */
export function mayBeLeft(
  { kind, startRevision, lastRevision }: Snapshot,
  { after, upTo }: Pick<UnprovenContinuation, 'after' | 'upTo'>,
): boolean {
  return kind === 'Incr' && startRevision <= upTo && lastRevision > after;
}
