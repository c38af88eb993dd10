import { isOlder } from '../snapshot/ahead-of-clock.ts';
import { endingAlike } from '../snapshot/history/ending-alike.ts';
import type { Histories, History } from '../snapshot/history/histories.ts';
import { beganOn } from '../snapshot/history/history-marker.ts';
import { fallBacks, type SuspectedFork } from '../snapshot/history/suspected-forks.ts';
import { compareInChainOrder } from '../snapshot/order.ts';
import { historyVerdicts, isUsableFull } from './history-verdicts.ts';
import { keepBases } from './keep-bases.ts';
import type { Retainable, RetentionRequest } from './request.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** Verdicts that other histories than the living one ask for. */
export interface OtherHistories<T> {
  /** About what belongs to a history that was left. */
  readonly left: ReadonlyMap<T, Verdict>;
  /** What stays in the living history, whatever its own rules say. */
  readonly needed: ReadonlyMap<T, Verdict>;
}

/**
 * A history that was left stays whole until its time is over, with the full it begins with: the one that was left may be the
 * right one after all. Of what may belong to the living one as well, either rule keeps it. Where it is not known which of two
 * histories was left, both stay. `whole` snapshots only.
 */
export function otherHistories<T extends Retainable>(
  histories: Histories<T>,
  request: RetentionRequest<T>,
  living: {
    /** The newest full that is trusted. Nothing of a history goes while there is none: no other one can be restored. */
    readonly newest: T | undefined;
  },
): OtherHistories<T> {
  const left = new Map<T, Verdict>();
  const needed = new Map<T, Verdict>();
  for (const history of histories.left) {
    const leftOn = (history.leftBy === undefined ? 0 : beganOn(history.leftBy)) * 1000;
    const isOver = living.newest !== undefined && request.now - leftOn > request.leftHistoryMs;
    const ofLiving = isOver ? verdictsAsLiving(history, histories.living, request) : new Map<T, Verdict>();
    for (const snapshot of history.own) {
      const asLiving = ofLiving.get(snapshot);
      const isKept = asLiving?.action === 'keep' ? asLiving : remove('left_history_over');
      left.set(snapshot, isOver ? isKept : keep('left_history'));
    }
    if (!isOver) {
      for (const snapshot of pastOf(history)) {
        needed.set(snapshot, keep('base_of_left_history'));
      }
    }
  }
  for (const fork of histories.suspected) {
    for (const snapshot of inDoubt(histories.living.snapshots, fork)) {
      needed.set(snapshot, keep('history_in_doubt'));
    }
  }
  for (const snapshot of besideNewest(histories.living.snapshots, living.newest)) {
    needed.set(snapshot, keep('history_in_doubt'));
  }
  return { left, needed };
}

/**
 * What the rules of the living history say of snapshots that may belong to its past, as nothing proved that it begins after them.
 */
function verdictsAsLiving<T extends Retainable>(
  { leftBy, own }: History<T>,
  living: History<T>,
  request: RetentionRequest<T>,
): ReadonlyMap<T, Verdict> {
  const doubted = own.filter(({ lastRevision }) => lastRevision <= (leftBy?.mayShare ?? 0));
  if (doubted.length === 0) {
    return new Map();
  }
  const line = [...doubted, ...living.snapshots].sort(compareInChainOrder);
  const verdicts = new Map(historyVerdicts(line, request).verdicts);
  keepBases(line, verdicts, { isBase: isUsableFull });
  return new Map(doubted.map((each) => [each, verdicts.get(each) ?? keep('history_in_doubt')]));
}

/** What the first of a history's own snapshots continues. */
function pastOf<T extends Retainable>({ snapshots, own }: History<T>): readonly T[] {
  const [first] = own;
  const firstAt = first === undefined ? 0 : snapshots.indexOf(first);
  const past = snapshots.slice(0, firstAt);
  if (first === undefined || isUsableFull(first)) {
    return [];
  }
  // A full that is younger may hold less than what was left goes on from.
  const baseAt = past.findLastIndex((each) => isUsableFull(each) && !isOlder(first, each));
  return past.slice(Math.max(0, baseAt));
}

/**
 * Everything above the fork, every full at it, and what the older side continues: all that is not known to be younger than that full. A
 * cluster that was put back once more writes a second full at it, from which what follows may go on.
 */
function inDoubt<T extends Retainable>(living: readonly T[], { full }: SuspectedFork<T>): readonly T[] {
  const older = living.filter((each) => each !== full && !isOlder(full, each));
  const baseAt = older.findLastIndex((each) => isUsableFull(each) && each.lastRevision <= full.lastRevision);
  const alike = living.filter((each) => isUsableFull(each) && each.lastRevision === full.lastRevision);
  const above = living.filter(({ lastRevision }) => lastRevision > full.lastRevision);
  return [full, ...alike, ...older.slice(Math.max(0, baseAt)), ...above];
}

/** What deltas may go on from instead of the newest full, with all that leads to it. */
function besideNewest<T extends Retainable>(living: readonly T[], newest: T | undefined): readonly T[] {
  const alike = newest === undefined ? [] : endingAlike(newest, fallBacks(living));
  return alike.flatMap(({ other, fullOf }) => {
    const between = living.filter(
      (each) =>
        each.kind === 'Incr' && each.startRevision > fullOf.lastRevision && each.lastRevision <= other.lastRevision,
    );
    return other === fullOf ? [other] : [fullOf, ...between, other];
  });
}
