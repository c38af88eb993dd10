import { type Revision, revision } from '../../revision.ts';
import { takenOn } from '../ahead-of-clock.ts';
import { compareInChainOrder } from '../order.ts';
import type { Snapshot } from '../snapshot.ts';
import { isTooSmall } from '../too-small.ts';

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

/** A listing entry; its size (bytes) may be known. */
export type Aged = Snapshot & { readonly size?: number; readonly excluded?: boolean };

/**
 * Finds fulls that end below what was written before them, as far as the newest state may depend on it. One is no suspect
 * when the line goes on above them all: the full of a compaction may be younger than the deltas that were written while it was
 * made.
 */
export function suspectedForks<T extends Aged>(snapshots: readonly T[]): readonly SuspectedFork<T>[] {
  return forksIn(snapshots)
    .filter(({ goesOn }) => goesOn === undefined)
    .map(({ fork }) => fork);
}

/**
 * The same for older states: a full above them all proves nothing about what comes before it, only deltas that continue what was
 * written before do.
 */
export function possibleForks<T extends Aged>(snapshots: readonly T[]): readonly SuspectedFork<T>[] {
  return forksIn(snapshots)
    .filter(({ goesOn }) => goesOn !== 'delta')
    .map(({ fork }) => fork);
}

/**
 * The same whether or not something goes on above them: a delta may go on from either of two snapshots that end at one revision, and a
 * clock that was set back names them in any order.
 */
export function fallBacks<T extends Aged>(snapshots: readonly T[]): readonly SuspectedFork<T>[] {
  return forksIn(snapshots).map(({ fork }) => fork);
}

/** More say nothing more, and looking at each takes time. */
const MOST_FORKS = 100;

interface FoundFork<T> {
  readonly fork: SuspectedFork<T>;
  /** What went on above everything: a delta that continues it, or only a full. */
  readonly goesOn: 'delta' | 'full' | undefined;
}

function forksIn<T extends Aged>(snapshots: readonly T[]): readonly FoundFork<T>[] {
  const whole = snapshots
    .filter((each) => each.chunk === undefined && each.excluded !== true && !isTooSmall(each))
    .toSorted(compareByAge);
  const turns: number[] = [];
  let reached = revision(0);
  for (const [at, snapshot] of whole.entries()) {
    const turnsBack = snapshot.kind === 'Full' && snapshot.lastRevision < reached && !isInOrder(whole, at);
    if (turnsBack) {
      turns.push(at);
    }
    // What follows such a full goes on from it.
    reached = turnsBack ? snapshot.lastRevision : revision(Math.max(reached, snapshot.lastRevision));
  }
  return turns.slice(-MOST_FORKS).flatMap((at) => forkAt(whole, at) ?? []);
}

/** Undefined when what reaches beyond the full is of the same second. */
function forkAt<T extends Aged>(whole: readonly T[], at: number): FoundFork<T> | undefined {
  const full = whole[at];
  const before = whole.slice(0, at).filter((each) => full !== undefined && isBefore(each, full));
  if (full === undefined || before.length === 0) {
    return undefined;
  }
  const later = whole.slice(at + 1);
  const end = highest(before);
  const after = later.filter(
    (each) => each.kind === 'Incr' && each.startRevision <= end && each.lastRevision > full.lastRevision,
  );
  // A delta that comes after a full that is above them all may continue that one.
  const above = after.length > 0 ? undefined : later.find(({ lastRevision }) => lastRevision > end);
  const continues = above?.kind === 'Incr' && above.startRevision === end + 1;
  const goesOn = above === undefined ? undefined : continues ? 'delta' : 'full';
  return { fork: { full, before, after }, goesOn };
}

/** Whether a marker says that nothing that reaches beyond a full was stored before it. */
function isInOrder(whole: readonly Snapshot[], at: number): boolean {
  const full = whole[at];
  return full?.precedes !== undefined && !whole.slice(0, at).some((each) => isBefore(each, full));
}

function isBefore(each: Snapshot, full: Snapshot): boolean {
  const isStoredAfter = full.precedes !== undefined && each.lastRevision >= full.precedes;
  return takenOn(each) < takenOn(full) && each.lastRevision > full.lastRevision && !isStoredAfter;
}

function highest(snapshots: readonly Snapshot[]): Revision {
  return revision(snapshots.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0));
}

function compareByAge(a: Snapshot, b: Snapshot): number {
  return takenOn(a) - takenOn(b) || Number(a.kind !== 'Full') - Number(b.kind !== 'Full') || compareInChainOrder(a, b);
}
