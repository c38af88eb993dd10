import { takenOn } from '../snapshot/ahead-of-clock.ts';
import { mayBeLeft, unprovenIn } from '../snapshot/history/unproven-continuation.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { exponentialVerdicts } from './exponential.ts';
import { limitVerdicts } from './limit.ts';
import type { Retainable, RetentionRequest } from './request.ts';
import { doubtAbout, type FullDoubt } from './trust.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** The verdicts about one history, and what they are based on. */
export interface HistoryVerdicts<T> {
  readonly verdicts: ReadonlyMap<T, Verdict>;
  /** The newest full that is trusted: what goes, goes because of it. Undefined when there is none, and everything stays. */
  readonly newest: T | undefined;
  /** Fulls that do not count, and why. */
  readonly doubts: ReadonlyMap<T, FullDoubt>;
}

/**
 * Decides about the whole snapshots of one history, in chain order. Fulls that are not trusted count for nothing: what is before
 * them is kept as if they were not there. They stay until a trusted one follows them.
 */
export function historyVerdicts<T extends Retainable>(
  line: readonly T[],
  request: RetentionRequest<T>,
): HistoryVerdicts<T> {
  const doubts = doubtsAbout(line, request);
  const isBase = (snapshot: T): boolean => isUsableFull(snapshot) && !doubts.has(snapshot);
  const newestAt = line.findLastIndex(isBase);
  const newest = line[newestAt];
  if (newest === undefined) {
    return { newest, doubts, verdicts: new Map(line.map((each) => [each, keep(doubts.get(each) ?? 'no_full')])) };
  }
  const concurrentAt = concurrentWritersBase(line, newestAt, isBase);
  const windowAt = pointInTimeBase(line, newestAt, isBase, request);
  const byPolicy = policyVerdicts(line, isBase, request);
  const isUnproven = unprovenDeltas(line, isBase, request);
  const verdictAt = (at: number, snapshot: T): Verdict => {
    const doubt = doubts.get(snapshot);
    if (at >= newestAt) {
      return keep(doubt ?? 'newest_chain');
    }
    if (at >= concurrentAt) {
      return keep('concurrent_writer');
    }
    const ruled = byPolicy.get(snapshot) ?? deltaVerdict(snapshot, base, request);
    if (ruled.action === 'delete' && isUnproven(at, snapshot)) {
      return keep('history_unproven');
    }
    return at >= windowAt && ruled.action === 'delete' && !doubts.has(snapshot) ? keep('point_in_time') : ruled;
  };
  const verdicts = new Map<T, Verdict>();
  let base: T | undefined;
  for (const [at, snapshot] of line.entries()) {
    if (isBase(snapshot)) {
      base = snapshot;
    }
    verdicts.set(snapshot, verdictAt(at, snapshot));
  }
  return { verdicts, newest, doubts };
}

/** Whether a restore can begin with it, as far as its marks say. */
export function isUsableFull(snapshot: Retainable): boolean {
  return snapshot.kind === 'Full' && snapshot.chunk === undefined && snapshot.excluded !== true;
}

function doubtsAbout<T extends Retainable>(
  line: readonly T[],
  { evidence, now }: RetentionRequest<T>,
): ReadonlyMap<T, FullDoubt> {
  const doubts = new Map<T, FullDoubt>();
  let previous: T | undefined;
  for (const full of line.filter(isUsableFull)) {
    const doubt = doubtAbout(full, { evidence, now, previous });
    if (doubt === undefined) {
      previous = full;
    } else {
      doubts.set(full, doubt);
    }
  }
  return doubts;
}

/** Fulls that are no base are thinned among all fulls, but do not count against those that can be restored from. */
function policyVerdicts<T extends Retainable>(
  line: readonly T[],
  isBase: (snapshot: T) => boolean,
  request: RetentionRequest<T>,
): Map<T, Verdict> {
  const fulls = line.filter(({ kind }) => kind === 'Full');
  return new Map([...applyPolicy(fulls, request), ...applyPolicy(fulls.filter(isBase), request)]);
}

function applyPolicy<T extends Retainable>(
  fulls: readonly T[],
  { policy, now }: RetentionRequest<T>,
): ReadonlyMap<T, Verdict> {
  switch (policy.kind) {
    case 'LimitBased':
      return limitVerdicts(fulls, policy.maxBackups);
    case 'Exponential':
      return exponentialVerdicts(fulls, { now });
    default:
      return policy satisfies never;
  }
}

function deltaVerdict<T extends Retainable>(
  delta: T,
  base: T | undefined,
  { now, deltaRetentionMs }: RetentionRequest<T>,
): Verdict {
  if (takenOn(delta) * 1000 >= now - deltaRetentionMs) {
    return keep('delta_retention');
  }
  return base === undefined ? remove('orphaned_delta') : remove('delta_of_older_chain');
}

/**
 * Which deltas lead to states of a history that may have been left when a full was taken of which nothing proves that it continues them.
 * They stay as long as what is known to be left.
 */
function unprovenDeltas<T extends Retainable>(
  line: readonly T[],
  isBase: (snapshot: T) => boolean,
  { evidence: { unproven = [] }, markers, now, leftHistoryMs }: RetentionRequest<T>,
): (at: number, snapshot: T) => boolean {
  const doubts = unprovenIn(markers, unproven)
    .filter(({ takenOn }) => now - takenOn * 1000 <= leftHistoryMs)
    .map(({ after, upTo }) => {
      const inDoubt = line.findIndex((each) => mayBeLeft(each, { after, upTo }));
      const from = line.findLastIndex((snapshot, at) => at < inDoubt && isBase(snapshot));
      return { upTo, from: inDoubt < 0 ? line.length : from };
    });
  return (at, { kind, startRevision }) =>
    kind === 'Incr' && doubts.some(({ upTo, from }) => at > from && startRevision <= upTo);
}

/**
 * The index of the full from which every moment of the window can be reached: the newest one that was taken before it began,
 * or the oldest there is. `newestAt` without a window.
 */
function pointInTimeBase<T extends Snapshot>(
  line: readonly T[],
  newestAt: number,
  isBase: (snapshot: T) => boolean,
  { now, pointInTimeWindowMs }: Pick<RetentionRequest<T>, 'now' | 'pointInTimeWindowMs'>,
): number {
  if (pointInTimeWindowMs === undefined) {
    return newestAt;
  }
  const begin = now - pointInTimeWindowMs;
  const before = line.findLastIndex((snapshot) => isBase(snapshot) && snapshot.createdOn * 1000 <= begin);
  return before >= 0 ? Math.min(before, newestAt) : line.findIndex(isBase);
}

/**
 * The index of the full that deltas continue which begin inside the newest full and end after it, as those of a concurrent writer
 * do. `newestAt` when there are none.
 */
function concurrentWritersBase<T extends Snapshot>(
  line: readonly T[],
  newestAt: number,
  isBase: (snapshot: T) => boolean,
): number {
  const inside = line[newestAt]?.lastRevision ?? 0;
  const lowest = line
    .slice(newestAt + 1)
    .filter((delta) => delta.kind === 'Incr' && delta.startRevision <= inside && delta.lastRevision > inside)
    .reduce((least, { startRevision }) => Math.min(least, startRevision), Number.POSITIVE_INFINITY);
  const base = line.findLastIndex((snapshot) => isBase(snapshot) && snapshot.lastRevision < lowest);
  return lowest === Number.POSITIVE_INFINITY || base < 0 ? newestAt : base;
}
