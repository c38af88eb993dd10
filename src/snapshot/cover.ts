import { nextRevision, type Revision, revision } from '../revision.ts';
import { isOlder, takenOn } from './ahead-of-clock.ts';
import type { Snapshot } from './snapshot.ts';

/** Revisions `from` to `to`, both included. */
export interface RevisionRange {
  readonly from: Revision;
  readonly to: Revision;
}

/** A fact about a chain that is worth a warning. */
export type ChainNote<T> =
  /**
   * Begins inside the revisions that were covered before: those of the `base`, as when it was written while the base was read, or of
   * another `delta`, as with concurrent writers. Its events up to `overlap.to` are skipped.
   */
  | { readonly kind: 'overlap'; readonly delta: T; readonly with: 'base' | 'delta'; readonly overlap: RevisionRange }
  /** Left out: the base or other deltas hold all of its revisions. */
  | { readonly kind: 'contained'; readonly delta: T }
  /** Left out: written before the base, it begins inside the base and ends after it, so a restore has abandoned its history. */
  | { readonly kind: 'abandoned'; readonly delta: T };

/** Deltas that follow each other without a hole. */
export interface Cover<T> {
  /** In the order to apply them. */
  readonly deltas: readonly T[];
  /** The last revision that is covered; the start itself without deltas. */
  readonly lastRevision: Revision;
  /** The first hole, when deltas follow it. */
  readonly missing: RevisionRange | undefined;
  /** The deltas after the hole, by first revision. */
  readonly beyond: readonly T[];
  readonly notes: readonly ChainNote<T>[];
}

/**
 * Chooses deltas that continue from `covered` on without a hole.
 *
 * A delta that begins with the next revision is taken first, the newest of several. Without one, a delta that begins earlier
 * (concurrent writers) is taken, the one that ends last. A delta that was written before the base, begins inside it and ends
 * after it is taken only when a later delta needs it; otherwise it belongs to a history that a restore has abandoned.
 */
export function coverFrom<T extends Snapshot>(start: {
  readonly base: Pick<Snapshot, 'createdOn' | 'ahead'>;
  /** The base has all revisions up to this one. */
  readonly covered: Revision;
  readonly deltas: readonly T[];
}): Cover<T> {
  const isAbandoned = (delta: T): boolean => isOlder(delta, start.base) && delta.startRevision <= start.covered;
  const byStart = start.deltas.toSorted((a, b) => a.startRevision - b.startRevision || a.lastRevision - b.lastRevision);
  const chosen: T[] = [];
  const notes: ChainNote<T>[] = [];
  let covered = start.covered;
  let reachable: T[] = [];
  let reached = 0;
  for (;;) {
    const next = nextRevision(covered);
    for (let delta = byStart[reached]; delta !== undefined && delta.startRevision <= next; delta = byStart[reached]) {
      reachable.push(delta);
      reached += 1;
    }
    notes.push(
      ...reachable
        .filter((delta) => delta.lastRevision <= covered)
        .map((delta) => ({ kind: 'contained', delta }) as const),
    );
    reachable = reachable.filter((delta) => delta.lastRevision > covered);
    const beyond = byStart.slice(reached, reached + 1);
    const usable = beyond.length > 0 ? reachable : reachable.filter((delta) => !isAbandoned(delta));
    const delta = exactSuccessor(usable, next) ?? furthestReaching(usable);
    if (delta === undefined) {
      notes.push(...reachable.map((left) => ({ kind: 'abandoned', delta: left }) as const));
      const missing = holeBefore(beyond[0], next);
      return { deltas: chosen, lastRevision: covered, missing, beyond: byStart.slice(reached), notes };
    }
    if (delta.startRevision < next) {
      const other = chosen.length === 0 ? 'base' : 'delta';
      notes.push({ kind: 'overlap', delta, with: other, overlap: { from: delta.startRevision, to: covered } });
    }
    chosen.push(delta);
    covered = delta.lastRevision;
    reachable = reachable.filter((other) => other !== delta);
  }
}

function exactSuccessor<T extends Snapshot>(deltas: readonly T[], next: Revision): T | undefined {
  const exact = deltas.filter((delta) => delta.startRevision === next);
  return greatest(exact, (a, b) => takenOn(a) - takenOn(b) || a.lastRevision - b.lastRevision);
}

function furthestReaching<T extends Snapshot>(deltas: readonly T[]): T | undefined {
  return greatest(deltas, (a, b) => a.lastRevision - b.lastRevision || takenOn(a) - takenOn(b));
}

function greatest<T>(items: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || compare(item, best) > 0 ? item : best),
    undefined,
  );
}

function holeBefore(beyond: Snapshot | undefined, next: Revision): RevisionRange | undefined {
  return beyond === undefined ? undefined : { from: next, to: revision(beyond.startRevision - 1) };
}
