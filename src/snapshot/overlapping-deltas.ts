import { type Revision, revision } from '../revision.ts';
import { type Listed, restorable } from './chain.ts';
import type { RevisionRange } from './cover.ts';

/** A delta that holds revisions of another one, too: concurrent writers stored them. */
export interface OverlappingDelta<T> {
  readonly delta: T;
  /** The one that begins first. */
  readonly other: T;
  /** The revisions that both hold. */
  readonly overlap: RevisionRange;
}

/**
 * Finds deltas of concurrent writers. A single snapshotter never stores a revision in two deltas of a history. A full that ends
 * before an older snapshot begins a new history, after a restore to an older state. The listing may be in any order.
 */
export function overlappingDeltas<T extends Listed>(listing: readonly T[]): readonly OverlappingDelta<T>[] {
  return historiesOf(restorable(listing)).flatMap(overlappingIn);
}

/** The deltas, one list a history. */
function historiesOf<T extends Listed>(snapshots: readonly T[]): readonly (readonly T[])[] {
  const byAge = snapshots.toSorted(
    (a, b) => a.createdOn - b.createdOn || Number(a.kind !== 'Full') - Number(b.kind !== 'Full'),
  );
  const histories: T[][] = [[]];
  let reached: Revision = revision(0);
  for (const snapshot of byAge) {
    if (snapshot.kind === 'Incr') {
      histories.at(-1)?.push(snapshot);
    } else if (snapshot.lastRevision < reached) {
      histories.push([]);
      reached = snapshot.lastRevision;
    }
    reached = revision(Math.max(reached, snapshot.lastRevision));
  }
  return histories;
}

function overlappingIn<T extends Listed>(deltas: readonly T[]): readonly OverlappingDelta<T>[] {
  const byStart = deltas.toSorted((a, b) => a.startRevision - b.startRevision || a.createdOn - b.createdOn);
  const overlapping: OverlappingDelta<T>[] = [];
  let furthest: T | undefined;
  for (const delta of byStart) {
    if (furthest !== undefined && delta.startRevision <= furthest.lastRevision) {
      const to = revision(Math.min(delta.lastRevision, furthest.lastRevision));
      overlapping.push({ delta, other: furthest, overlap: { from: delta.startRevision, to } });
    }
    if (furthest === undefined || delta.lastRevision > furthest.lastRevision) {
      furthest = delta;
    }
  }
  return overlapping;
}
