import { type BackupMetrics, noMetrics } from '../../metrics/backup-metrics.ts';
import { type Decision, planRetention, type RetentionPolicy } from '../../retention/plan.ts';
import { describeReason } from '../../retention/verdict.ts';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

export { type Decision, describeReason };

/** Which backups stay. */
export interface RetentionRules {
  readonly policy: RetentionPolicy;
  /** Age from which deltas of older fulls go, ms. */
  readonly deltaRetentionMs: number;
}

/** What became of one object. */
export type PruneOutcome =
  | 'kept'
  | 'deleted'
  /** It was to go, but its deletion failed. */
  | 'failed'
  /** The store does not allow its deletion, though its listing did not say so. */
  | 'immutable'
  /** It was to go, but an object that hangs on it is still there, or too many deletions of its stream failed. */
  | 'postponed';

/** A decision and what came of it. */
export type PrunedObject = Decision<StoredSnapshot> & {
  readonly outcome: PruneOutcome;
  /** Why the deletion failed. */
  readonly error?: unknown;
};

/** A stream's deltas are given up after this many failed deletions; they are tried again the next time. */
const mostDeltaErrors = 5;

/** Lists the store and decides about each object, in chain order. Deletes nothing. */
export async function planPrune(
  store: SnapStore,
  rules: RetentionRules,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Pick<Clock, 'now'> },
): Promise<readonly Decision<StoredSnapshot>[]> {
  const { snapshots } = await store.list({ signal });
  return planFor(snapshots, { store, collection: rules, now: clock.now() });
}

/** Decides about each object of a listing, in chain order; `now` is in ms since the epoch. */
export function planFor(
  listing: readonly StoredSnapshot[],
  request: {
    readonly store: Pick<SnapStore, 'traits'>;
    readonly collection: RetentionRules;
    readonly now: number;
  },
): readonly Decision<StoredSnapshot>[] {
  const { policy, deltaRetentionMs } = request.collection;
  const { partsAreData } = request.store.traits;
  return planRetention({ listing, policy, deltaRetentionMs, now: request.now, partsAreData });
}

/**
 * Carries a plan out, the newest object first, so that a full goes only after everything that hangs on it has gone.
 * A deletion that fails is logged and counted, and the rest goes on. Rejects only with the signal's reason.
 */
export async function carryOut(
  plan: readonly Decision<StoredSnapshot>[],
  request: { readonly store: SnapStore; readonly metrics?: BackupMetrics },
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<readonly PrunedObject[]> {
  const results: PrunedObject[] = [];
  let stream = { errors: 0, remains: false };
  for (const decision of plan.toReversed()) {
    signal.throwIfAborted();
    const { snapshot } = decision;
    if (snapshot.chunk !== undefined) {
      results.push(await removed(decision, request, { signal, log }));
      continue;
    }
    // An excluded full is no base: what lies above it hangs on the one below.
    const isBase = snapshot.kind === 'Full' && snapshot.excluded !== true;
    const blocked = snapshot.kind === 'Full' ? isBase && stream.remains : stream.errors >= mostDeltaErrors;
    const result: PrunedObject =
      decision.action === 'delete' && blocked
        ? { ...decision, outcome: 'postponed' }
        : await removed(decision, request, { signal, log });
    results.push(result);
    if (isBase) {
      stream = { errors: 0, remains: false };
    } else if (snapshot.kind === 'Incr') {
      stream = {
        errors: stream.errors + (result.outcome === 'failed' ? 1 : 0),
        remains: stream.remains || result.outcome !== 'deleted',
      };
    }
  }
  return results.reverse();
}

async function removed(
  decision: Decision<StoredSnapshot>,
  { store, metrics = noMetrics }: { readonly store: SnapStore; readonly metrics?: BackupMetrics },
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<PrunedObject> {
  const { snapshot } = decision;
  if (decision.action === 'keep') {
    return { ...decision, outcome: 'kept' };
  }
  const kind = snapshot.chunk === undefined ? snapshot.kind : 'Chunk';
  const fields = { key: snapshot.key, reason: decision.reason };
  try {
    await untilAborted(store.delete(snapshot, { signal }), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && error.kind === 'immutable') {
      log.debug(fields, `GC: the store does not allow the deletion of ${snapshot.key} yet`);
      return { ...decision, outcome: 'immutable', error };
    }
    // Somebody else was faster.
    if (!(error instanceof StoreError && error.kind === 'not_found')) {
      log.warn({ ...fields, error }, `GC: failed to delete ${snapshot.key}: ${error}`);
      metrics.collected(kind, 'failed');
      return { ...decision, outcome: 'failed', error };
    }
  }
  log.info(fields, `GC: deleted old snapshot: ${snapshot.key}`);
  metrics.collected(kind, 'succeeded');
  return { ...decision, outcome: 'deleted' };
}
