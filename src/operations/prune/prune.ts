import { type Decision, planRetention, type RetentionPlan } from '../../retention/plan.ts';
import type { RetentionPolicy } from '../../retention/request.ts';
import { type FullEvidence, isFullDoubt } from '../../retention/trust.ts';
import { describeReason } from '../../retention/verdict.ts';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

export { type Decision, describeReason, type FullEvidence };

/** Which backups stay. */
export interface RetentionRules {
  readonly policy: RetentionPolicy;
  /** Age from which deltas of older fulls go, ms. */
  readonly deltaRetentionMs: number;
  /** Every moment of the last so many ms stays restorable. */
  readonly pointInTimeWindowMs?: number | undefined;
  /** How long a history that was left is kept, ms. */
  readonly leftHistoryMs: number;
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
/** Nothing of a chain has been looked at yet. */
const WHOLE_CHAIN = { errors: 0, remains: false };

/** Decides about each object of a listing, in chain order; `now` is in ms since the epoch. Deletes nothing. */
export function planFor(
  listing: Pick<StoreListing, 'snapshots' | 'markers' | 'announcements'>,
  request: {
    readonly store: Pick<SnapStore, 'traits'>;
    readonly rules: RetentionRules;
    /** What this run knows of the fulls in the store. */
    readonly evidence: FullEvidence;
    readonly now: number;
  },
): RetentionPlan<StoredSnapshot> {
  const { store, rules, evidence, now } = request;
  const { snapshots, markers, announcements } = listing;
  const { partsAreData } = store.traits;
  return planRetention({ listing: snapshots, markers, announcements, ...rules, evidence, now, partsAreData });
}

/** Where a plan is carried out, and to whom it is reported. */
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
  const chains = new Map<number, { readonly errors: number; readonly remains: boolean }>();
  for (const decision of plan.toReversed()) {
    signal.throwIfAborted();
    const { snapshot, history } = decision;
    const chain = chains.get(history) ?? WHOLE_CHAIN;
    if (snapshot.chunk !== undefined) {
      results.push(await applyDecision(decision, request, { signal, log }));
      continue;
    }
    // One that is excluded or not trusted is no base: the deltas that follow it need the full before it.
    const isBase = snapshot.kind === 'Full' && snapshot.excluded !== true && !isFullDoubt(decision.reason);
    const blocked = snapshot.kind === 'Full' ? isBase && chain.remains : chain.errors >= mostDeltaErrors;
    const result: PrunedObject =
      decision.action === 'delete' && blocked
        ? { ...decision, outcome: 'postponed' }
        : await applyDecision(decision, request, { signal, log });
    results.push(result);
    if (isBase) {
      chains.set(history, WHOLE_CHAIN);
    } else if (snapshot.kind === 'Incr') {
      chains.set(history, {
        errors: chain.errors + (result.outcome === 'failed' ? 1 : 0),
        remains: chain.remains || result.outcome !== 'deleted',
      });
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
