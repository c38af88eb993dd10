import type { Revision } from '../../revision.ts';
import type { Snapshot } from '../snapshot.ts';
import type { DoubtMarker, StoreMarker } from './history-marker.ts';

/** A full of which nothing proves that its cluster continues what was stored before it. */
export interface UnprovenContinuation {
  /** Up to this revision it is proved. */
  readonly after: Revision;
  /** The revision that the full reaches. */
  readonly upTo: Revision;
  /** When it was taken, seconds since the epoch. It may be gone long before what it puts in doubt. */
  readonly takenOn: number;
}

/** What the markers of a store say of this. */
export function unprovenIn(markers: readonly StoreMarker[]): readonly UnprovenContinuation[] {
  return markers
    .filter((marker): marker is DoubtMarker => marker.why === 'continuation_unproven')
    .map(({ shared, upTo, begunOn }) => ({ after: shared, upTo, takenOn: begunOn }));
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
