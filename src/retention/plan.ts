import { historiesOf } from '../snapshot/history/histories.ts';
import { beganOn, type DoubtMarker } from '../snapshot/history/history-marker.ts';
import { compareInChainOrder } from '../snapshot/order.ts';
import { historyVerdicts, isUsableFull } from './history-verdicts.ts';
import { keepBases } from './keep-bases.ts';
import { otherHistories } from './left-histories.ts';
import { outdatedDoubts } from './outdated-doubts.ts';
import { partVerdict, placeOf } from './parts.ts';
import type { Retainable, RetentionRequest } from './request.ts';
import { keep, type Verdict } from './verdict.ts';

/** What to do with one snapshot. */
export type Decision<T> = {
  readonly snapshot: T;
  /** The number of the history it belongs to. */
  readonly history: number;
  /** When that was left, whole seconds since the epoch; undefined for the living one. */
  readonly leftOn?: number;
} & Verdict;

/** Decisions about every snapshot of a store. */
export interface RetentionPlan<T> {
  /** In chain order. */
  readonly decisions: readonly Decision<T>[];
  /** The full that what goes is replaced by; undefined when there is none that is trusted, and nothing goes. */
  readonly newest: T | undefined;
  /** Markers of doubt about what is not stored any more. */
  readonly outdatedDoubts: readonly DoubtMarker[];
}

/**
 * Decides about every snapshot of a store. Pure: nothing is deleted here.
 *
 * Within the living history the newest full that is trusted and can be restored from and everything after it are always kept, and
 * so is a full while a delta that needs it is kept, and every snapshot that the store protects. When deltas of a concurrent
 * writer begin inside the newest full, the older chain that they continue is kept as well. Histories that were left have a rule
 * of their own.
 */
export function planRetention<T extends Retainable>(request: RetentionRequest<T>): RetentionPlan<T> {
  const ordered = request.listing.toSorted(compareInChainOrder);
  const whole = ordered.filter((snapshot) => snapshot.chunk === undefined);
  const histories = historiesOf(whole, request.markers);
  const living = historyVerdicts(histories.living.snapshots, request);
  const others = otherHistories(histories, request, living);
  const owners = new Map(histories.left.flatMap((history) => history.own.map((each) => [each, history] as const)));
  const parts = partVerdicts(ordered, whole, request);
  const announces = announcingFulls(ordered, request);
  const verdicts = new Map(
    ordered.map((snapshot): [T, Verdict] => {
      const ruled =
        parts.get(snapshot) ?? others.left.get(snapshot) ?? living.verdicts.get(snapshot) ?? keep('no_full');
      const needed = others.needed.get(snapshot) ?? (announces.has(snapshot.name) ? keep('history_announced') : ruled);
      const wanted = ruled.action === 'delete' ? needed : ruled;
      return [snapshot, unlessImmutable(snapshot, wanted, request)];
    }),
  );
  for (const { snapshots } of [histories.living, ...histories.left]) {
    keepBases(snapshots, verdicts, {
      isBase: (full) => isUsableFull(full) && !living.doubts.has(full),
      mayBeBase: (full) => living.doubts.get(full) === 'full_from_future',
    });
  }
  const decisions = ordered.map((snapshot): Decision<T> => {
    const { number: history, leftBy } = owners.get(snapshot) ?? histories.living;
    const left = leftBy === undefined ? {} : { leftOn: beganOn(leftBy) };
    return { snapshot, history, ...left, ...(verdicts.get(snapshot) ?? keep('no_full')) };
  });
  const outdated =
    living.newest === undefined ? [] : outdatedDoubts(request.markers, { ...request, snapshots: ordered });
  return { decisions, newest: living.newest, outdatedDoubts: outdated };
}

/** The fulls with which announcements count, while there is something that was left. */
function announcingFulls(
  snapshots: readonly Retainable[],
  { announcements = [] }: Pick<RetentionRequest<unknown>, 'announcements'>,
): ReadonlySet<string> {
  const names = new Set(snapshots.map(({ name }) => name));
  const begun = announcements.filter(
    ({ state, marker }) => state === 'begun' && marker.left.some((name) => names.has(name)),
  );
  return new Set(begun.map(({ marker }) => marker.first));
}

function unlessImmutable<T extends Retainable>(
  snapshot: T,
  verdict: Verdict,
  { now }: { readonly now: number },
): Verdict {
  const locked = snapshot.immutableUntil !== undefined && snapshot.immutableUntil > now;
  return verdict.action === 'delete' && locked ? keep('immutable') : verdict;
}

function partVerdicts<T extends Retainable>(
  ordered: readonly T[],
  whole: readonly T[],
  request: RetentionRequest<T>,
): ReadonlyMap<T, Verdict> {
  const context = { ...request, whole: new Set(whole.map(placeOf)) };
  return new Map(
    ordered.filter((snapshot) => snapshot.chunk !== undefined).map((part) => [part, partVerdict(part, context)]),
  );
}
