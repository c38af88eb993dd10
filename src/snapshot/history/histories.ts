import { type Revision, revision } from '../../revision.ts';
import { compareInChainOrder } from '../order.ts';
import type { Snapshot } from '../snapshot.ts';
import type { HistoryMarker } from './history-marker.ts';

/** One line of revisions that a cluster went through, with the snapshots of it. */
export interface History<T> {
  /** 1 for the oldest. */
  readonly number: number;
  /** Written when it began; undefined for the first one that is known. */
  readonly begunBy: HistoryMarker | undefined;
  /** Written when it was left; undefined for the living one. */
  readonly leftBy: HistoryMarker | undefined;
  /** What it can be restored from, in chain order: its own snapshots, and those of the past it shares with others. */
  readonly snapshots: readonly T[];
  /** Those of {@link snapshots} that belong to no later history. All of them for the living one. */
  readonly own: readonly T[];
}

/**
 * Snapshots whose ages do not fit their revisions: a full was taken after others that end at higher revisions.
 * Content has to decide whether the cluster was put back to an older state.
 */
export interface SuspectedFork<T> {
  /** The full that ends at a lower revision than what was written before it. */
  readonly full: T;
  /** What was written before the full and reaches beyond it. */
  readonly before: readonly T[];
  /** What was written after the full and covers revisions that {@link before} covers, too. */
  readonly after: readonly T[];
}

/** The histories of a store. */
export interface Histories<T> {
  /** The one that was written last, as far as markers tell. */
  readonly living: History<T>;
  /** Oldest first. */
  readonly left: readonly History<T>[];
  /** Within the living history, by age: what no marker explains. */
  readonly suspected: readonly SuspectedFork<T>[];
}

/**
 * Sorts the snapshots of a store into histories. Markers say which objects were left; an entry of a marker counts only
 * for an object that is older than the marker and reaches beyond the revision that both histories share. Without markers
 * everything is one history, in which ages and revisions may contradict each other.
 */
export function historiesOf<T extends Snapshot>(
  listing: readonly T[],
  markers: readonly HistoryMarker[],
): Histories<T> {
  const ordered = listing.toSorted(compareInChainOrder);
  const inTime = markers.toSorted((a, b) => a.begunOn - b.begunOn || compareText(a.name, b.name));
  const leftBy = new Map<T, number>();
  for (const [at, marker] of inTime.entries()) {
    const names = new Set(marker.left);
    for (const snapshot of ordered) {
      const isLeft =
        names.has(snapshot.name) &&
        snapshot.createdOn <= marker.begunOn &&
        snapshot.lastRevision > marker.shared &&
        !leftBy.has(snapshot);
      if (isLeft) {
        leftBy.set(snapshot, at);
      }
    }
  }
  const living = ordered.filter((snapshot) => !leftBy.has(snapshot));
  const left = inTime.map((marker, at): History<T> => {
    const own = ordered.filter((snapshot) => leftBy.get(snapshot) === at);
    const past = ordered.filter(
      (snapshot) =>
        (leftBy.get(snapshot) ?? inTime.length) > at &&
        snapshot.createdOn <= marker.begunOn &&
        snapshot.lastRevision <= marker.shared &&
        snapshot.name !== marker.first,
    );
    const snapshots = own.length === 0 ? [] : [...past, ...own].sort(compareInChainOrder);
    return { number: at + 1, begunBy: inTime[at - 1], leftBy: marker, snapshots, own };
  });
  return {
    living: { number: left.length + 1, begunBy: inTime.at(-1), leftBy: undefined, snapshots: living, own: living },
    left,
    suspected: suspectedForks(living),
  };
}

/**
 * Finds fulls that end below what was written before them. One is no suspect when the line goes on above them all: the
 * full of a compaction is younger than the deltas that were written while it was made.
 */
export function suspectedForks<T extends Snapshot>(snapshots: readonly T[]): readonly SuspectedFork<T>[] {
  const whole = snapshots.filter(({ chunk }) => chunk === undefined).toSorted(compareByAge);
  const forks: SuspectedFork<T>[] = [];
  let reached = revision(0);
  for (const [at, full] of whole.entries()) {
    if (full.kind === 'Full' && full.lastRevision < reached) {
      const before = whole
        .slice(0, at)
        .filter((each) => each.createdOn < full.createdOn && each.lastRevision > full.lastRevision);
      const end = highest(before);
      const later = whole.slice(at + 1);
      const after = later.filter(
        (each) => each.kind === 'Incr' && each.startRevision <= end && each.lastRevision > full.lastRevision,
      );
      const goesOn = after.length === 0 && later.some((each) => each.lastRevision > end);
      if (before.length > 0 && !goesOn) {
        forks.push({ full, before, after });
      }
    }
    reached = revision(Math.max(reached, full.lastRevision));
  }
  return forks;
}

function highest(snapshots: readonly Snapshot[]): Revision {
  return revision(snapshots.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0));
}

function compareByAge(a: Snapshot, b: Snapshot): number {
  return (
    a.createdOn - b.createdOn || Number(a.kind !== 'Full') - Number(b.kind !== 'Full') || compareInChainOrder(a, b)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
