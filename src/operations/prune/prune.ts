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

/** Garbage collection deleted an object, or could not. */
export interface GarbageEvent {
  readonly type: 'garbage';
  readonly snapshot: StoredSnapshot;
  readonly outcome: 'deleted' | 'failed';
}

/** What became of one object. */
export type PruneOutcome =
  | 'kept'
  | 'deleted'
  /** It was to go, but its deletion failed. */
  | 'failed'
  /** The store does not allow its deletion, though its listing did not say so. */
  | 'immutable'
  /** It was to go, but an object that needs it is still there, or too many deletions in its chain failed. */
  | 'postponed';

/** A decision and what came of it. */
export type PrunedObject = Decision<StoredSnapshot> & {
  readonly outcome: PruneOutcome;
  /** Why the deletion failed. */
  readonly error?: unknown;
};

/** After this many failed deletions the other deltas of a chain stay; they are tried again the next time. */
const mostDeltaErrors = 5;

/** Lists the store and decides about each object, in chain order. Deletes nothing. */
export async function planPrune(
  store: SnapStore,
  rules: RetentionRules,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Pick<Clock, 'now'> },
): Promise<readonly Decision<StoredSnapshot>[]> {
  const { snapshots } = await store.list({ signal });
  return planFor(snapshots, { store, rules, now: clock.now() });
}

/** Decides about each object of a listing, in chain order; `now` is in ms since the epoch. */
export function planFor(
  listing: readonly StoredSnapshot[],
  request: {
    readonly store: Pick<SnapStore, 'traits'>;
    readonly rules: RetentionRules;
    readonly now: number;
  },
): readonly Decision<StoredSnapshot>[] {
  const { policy, deltaRetentionMs } = request.rules;
  const { partsAreData } = request.store.traits;
  return planRetention({ listing, policy, deltaRetentionMs, now: request.now, partsAreData });
}

/** Where a plan is carried out, and who hears of it. */
export interface PruneRequest {
  readonly store: SnapStore;
  readonly listener?: (event: GarbageEvent) => void;
}

/**
 * Carries a plan out, the newest object first, so that a full goes only after everything that needs it has gone.
 * A deletion that fails is logged and counted, and the rest goes on. Rejects only with the signal's reason.
 */
export async function carryOut(
  plan: readonly Decision<StoredSnapshot>[],
  request: PruneRequest,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<readonly PrunedObject[]> {
  const results: PrunedObject[] = [];
  let chain = { errors: 0, remains: false };
  for (const decision of plan.toReversed()) {
    signal.throwIfAborted();
    const { snapshot } = decision;
    if (snapshot.chunk !== undefined) {
      results.push(await applyDecision(decision, request, { signal, log }));
      continue;
    }
    // An excluded full is no base: the deltas that follow it need the full before it.
    const isBase = snapshot.kind === 'Full' && snapshot.excluded !== true;
    const blocked = snapshot.kind === 'Full' ? isBase && chain.remains : chain.errors >= mostDeltaErrors;
    const result: PrunedObject =
      decision.action === 'delete' && blocked
        ? { ...decision, outcome: 'postponed' }
        : await applyDecision(decision, request, { signal, log });
    results.push(result);
    if (isBase) {
      chain = { errors: 0, remains: false };
    } else if (snapshot.kind === 'Incr') {
      chain = {
        errors: chain.errors + (result.outcome === 'failed' ? 1 : 0),
        remains: chain.remains || result.outcome !== 'deleted',
      };
    }
  }
  return results.reverse();
}

async function applyDecision(
  decision: Decision<StoredSnapshot>,
  { store, listener }: PruneRequest,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<PrunedObject> {
  const { snapshot } = decision;
  if (decision.action === 'keep') {
    return { ...decision, outcome: 'kept' };
  }
  const fields = { key: snapshot.key, reason: decision.reason };
  try {
    await untilAborted(store.delete(snapshot, { signal }), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && error.kind === 'immutable') {
      log.debug(fields, `GC: the store does not allow the deletion of ${snapshot.key} yet`);
      return { ...decision, outcome: 'immutable', error };
    }
    // Another process may have been faster.
    if (!(error instanceof StoreError && error.kind === 'not_found')) {
      log.warn({ ...fields, error }, `GC: failed to delete ${snapshot.key}: ${error}`);
      listener?.({ type: 'garbage', snapshot, outcome: 'failed' });
      return { ...decision, outcome: 'failed', error };
    }
  }
  log.info(fields, `GC: deleted old snapshot: ${snapshot.key}`);
  listener?.({ type: 'garbage', snapshot, outcome: 'deleted' });
  return { ...decision, outcome: 'deleted' };
}
