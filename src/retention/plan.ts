import { compareInChainOrder } from '../snapshot/order.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { exponentialVerdicts } from './exponential.ts';
import { limitVerdicts } from './limit.ts';
import { partVerdict, placeOf } from './parts.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** Which fulls are kept. */
export type RetentionPolicy =
  | { readonly kind: 'LimitBased'; readonly maxBackups: number }
  | { readonly kind: 'Exponential' };

/** A listing entry with all that retention depends on. */
export type Retainable = Snapshot & {
  /** Until then the store refuses to delete it, ms since the epoch. */
  readonly immutableUntil?: number;
  readonly excluded?: boolean;
};

/** The snapshots to decide about, and the rules. */
export interface RetentionRequest<T> {
  /** All snapshots of the store, with chunks and excluded ones, in any order. */
  readonly listing: readonly T[];
  readonly policy: RetentionPolicy;
  /** Deltas of older chains are deleted from this age on, ms. */
  readonly deltaRetentionMs: number;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
  /** The store's trait of this name. */
  readonly partsAreData: boolean;
}

/** What to do with one snapshot. */
export type Decision<T> = { readonly snapshot: T } & Verdict;

/**
 * Decides about every snapshot of a store, in chain order. Pure: nothing is deleted here.
 *
 * The newest full that can be restored from and everything after it are always kept, and so is a full while a delta that needs
 * it is kept, and every snapshot that the store protects. When deltas of a concurrent writer begin inside the newest full, the
 * older chain that they continue is kept as well.
 */
export function planRetention<T extends Retainable>(request: RetentionRequest<T>): readonly Decision<T>[] {
  const ordered = request.listing.toSorted(compareInChainOrder);
  const whole = ordered.filter((snapshot) => snapshot.chunk === undefined);
  const verdicts = new Map([...wholeVerdicts(whole, request), ...partVerdicts(ordered, whole, request)]);
  return ordered.map((snapshot) => ({ snapshot, ...(verdicts.get(snapshot) ?? keep('no_full')) }));
}

function wholeVerdicts<T extends Retainable>(whole: readonly T[], request: RetentionRequest<T>): Map<T, Verdict> {
  const newestAt = whole.findLastIndex(isUsableFull);
  const newest = whole[newestAt];
  if (newest === undefined) {
    return new Map(whole.map((snapshot) => [snapshot, keep('no_full')]));
  }
  const concurrentAt = concurrentWritersBase(whole, newestAt);
  const byPolicy = policyVerdicts(whole, request);
  const verdicts = new Map<T, Verdict>();
  let base: T | undefined;
  for (const [at, snapshot] of whole.entries()) {
    if (isUsableFull(snapshot)) {
      base = snapshot;
    }
    const ruled = byPolicy.get(snapshot) ?? deltaVerdict(snapshot, base, request);
    const unlessLocked = at >= newestAt ? keep('newest_chain') : at >= concurrentAt ? keep('concurrent_writer') : ruled;
    const verdict = unlessImmutable(snapshot, unlessLocked, request);
    verdicts.set(snapshot, verdict);
    if (snapshot.kind === 'Incr' && verdict.action === 'keep' && base !== undefined) {
      if (verdicts.get(base)?.action === 'delete') {
        verdicts.set(base, keep('base_of_kept_deltas'));
      }
    }
  }
  return verdicts;
}

/** Excluded fulls are thinned among all fulls, but do not count against those that can be restored from. */
function policyVerdicts<T extends Retainable>(whole: readonly T[], request: RetentionRequest<T>): Map<T, Verdict> {
  const fulls = whole.filter((snapshot) => snapshot.kind === 'Full');
  return new Map([...applyPolicy(fulls, request), ...applyPolicy(fulls.filter(isUsableFull), request)]);
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
  if (delta.createdOn * 1000 >= now - deltaRetentionMs) {
    return keep('delta_retention');
  }
  return base === undefined ? remove('orphaned_delta') : remove('delta_of_older_chain');
}

function unlessImmutable<T extends Retainable>(
  snapshot: T,
  verdict: Verdict,
  { now }: { readonly now: number },
): Verdict {
  const locked = snapshot.immutableUntil !== undefined && snapshot.immutableUntil > now;
  return verdict.action === 'delete' && locked ? keep('immutable') : verdict;
}

/**
 * The index of the full that deltas continue which begin inside the newest full and end after it, as those of a concurrent writer
 * do. `newestAt` when there are none.
 */
function concurrentWritersBase(whole: readonly Retainable[], newestAt: number): number {
  const inside = whole[newestAt]?.lastRevision ?? 0;
  const starts = whole
    .slice(newestAt + 1)
    .filter((delta) => delta.kind === 'Incr' && delta.startRevision <= inside && delta.lastRevision > inside)
    .map((delta) => delta.startRevision);
  const lowest = Math.min(...starts);
  const base = whole.findLastIndex((snapshot) => isUsableFull(snapshot) && snapshot.lastRevision < lowest);
  return starts.length === 0 || base < 0 ? newestAt : base;
}

function partVerdicts<T extends Retainable>(
  ordered: readonly T[],
  whole: readonly T[],
  request: RetentionRequest<T>,
): [T, Verdict][] {
  const context = { ...request, whole: new Set(whole.map(placeOf)) };
  return ordered
    .filter((snapshot) => snapshot.chunk !== undefined)
    .map((part) => [part, unlessImmutable(part, partVerdict(part, context), request)]);
}

function isUsableFull(snapshot: Retainable): boolean {
  return snapshot.kind === 'Full' && snapshot.chunk === undefined && snapshot.excluded !== true;
}
