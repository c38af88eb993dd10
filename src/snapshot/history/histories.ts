import { compareInChainOrder } from '../order.ts';
import { beginsHistory, type HistoryMarker, type StoreMarker } from './history-marker.ts';
import { type Aged, type SuspectedFork, suspectedForks } from './suspected-forks.ts';

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

/** The histories of a store. */
export interface Histories<T> {
  /** The one that was written last, as far as markers say. */
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
export function historiesOf<T extends Aged>(listing: readonly T[], markers: readonly StoreMarker[]): Histories<T> {
  const ordered = listing.toSorted(compareInChainOrder);
  const inTime = markers.filter(beginsHistory).toSorted((a, b) => a.begunOn - b.begunOn || compareText(a.name, b.name));
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

/** All histories that still have snapshots of their own, the living one last. */
export function knownHistories<T>({ left, living }: Histories<T>): readonly History<T>[] {
  return [...left.filter(({ own }) => own.length > 0), living];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
