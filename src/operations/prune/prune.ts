import { type Decision, planRetention, type RetentionPlan } from '../../retention/plan.ts';
import type { RetentionPolicy } from '../../retention/request.ts';
import { type FullEvidence, isFullDoubt } from '../../retention/trust.ts';
import { describeReason } from '../../retention/verdict.ts';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { stayedError } from '../../snapstore/stayed-error.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { type StayingObjects, stillStored } from './deletions.ts';

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
  /** What is known to stay whatever the store answers; left out, nothing. */
  readonly staying?: StayingObjects;
}

/** What became of the objects of one chain so far. */
interface ChainProgress {
  errors: number;
  /** What needs its full. */
  readonly deltas: PrunedObject[];
}

/**
 * Carries a plan out, the newest object first, and fulls last, so that a full goes only after everything that needs it has gone.
 * A deletion that fails, or that is answered with success and does nothing, is logged and counted, and the rest goes on. Rejects
 * only with the signal's reason.
 */
export async function carryOut(
  plan: readonly Decision<StoredSnapshot>[],
  request: PruneRequest,
  context: Pick<RunContext, 'signal' | 'log'>,
): Promise<readonly PrunedObject[]> {
  const results = new Map<Decision<StoredSnapshot>, PrunedObject>();
  const bases: { readonly decision: Decision<StoredSnapshot>; readonly deltas: readonly PrunedObject[] }[] = [];
  const chains = new Map<number, ChainProgress>();
  for (const decision of plan.toReversed()) {
    context.signal.throwIfAborted();
    const { snapshot, history } = decision;
    const chain = chains.get(history) ?? { errors: 0, deltas: [] };
    chains.set(history, chain);
    if (snapshot.chunk !== undefined) {
      results.set(decision, await applyDecision(decision, request, context));
      continue;
    }
    // One that is excluded or not trusted is no base: the deltas that follow it need the full before it.
    if (snapshot.kind === 'Full' && snapshot.excluded !== true && !isFullDoubt(decision.reason)) {
      bases.push({ decision, deltas: chain.deltas });
      chains.delete(history);
      continue;
    }
    const isBlocked = snapshot.kind !== 'Full' && decision.action === 'delete' && chain.errors >= mostDeltaErrors;
    const result: PrunedObject = isBlocked
      ? { ...decision, outcome: 'postponed' }
      : await applyDecision(decision, request, context);
    results.set(decision, result);
    if (snapshot.kind === 'Incr') {
      chain.errors += result.outcome === 'failed' ? 1 : 0;
      chain.deltas.push(result);
    }
  }
  const stayed = await confirm([...results.values()], request, context);
  const ofBases = new Map<Decision<StoredSnapshot>, PrunedObject>();
  for (const { decision, deltas } of bases) {
    context.signal.throwIfAborted();
    const isNeeded = deltas.some(({ outcome, snapshot }) => outcome !== 'deleted' || stayed.has(snapshot));
    ofBases.set(
      decision,
      decision.action === 'delete' && isNeeded
        ? { ...decision, outcome: 'postponed' }
        : await applyDecision(decision, request, context),
    );
  }
  const stayedBases = await confirm([...ofBases.values()], request, context);
  return plan.flatMap((decision) => {
    const result = results.get(decision) ?? ofBases.get(decision);
    return result === undefined ? [] : (stayed.get(result.snapshot) ?? stayedBases.get(result.snapshot) ?? result);
  });
}

/** Finds out what is still there of what was deleted, reports both, and gives what became of the former. */
async function confirm(
  results: readonly PrunedObject[],
  { store, listener, staying }: PruneRequest,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<ReadonlyMap<StoredSnapshot, PrunedObject>> {
  const deleted = results.filter(({ outcome }) => outcome === 'deleted');
  const there = await stillStored(
    deleted.map(({ snapshot }) => snapshot),
    store,
    { signal, log },
  );
  const stayed = new Map<StoredSnapshot, PrunedObject>();
  for (const result of deleted) {
    const { snapshot, reason } = result;
    const fields = { key: snapshot.key, reason };
    if (!there.has(snapshot)) {
      log.info(fields, `GC: deleted old snapshot: ${snapshot.key}`);
      listener?.({ type: 'garbage', snapshot, outcome: 'deleted' });
      continue;
    }
    const error = stayedError('immutable', `${snapshot.key} from ${store.location}`);
    const isNews = staying?.add(snapshot) ?? true;
    log[isNews ? 'warn' : 'debug']({ ...fields, error }, `GC: ${error.message}`);
    if (isNews) {
      listener?.({ type: 'garbage', snapshot, outcome: 'failed' });
    }
    stayed.set(snapshot, { ...result, outcome: 'failed', error });
  }
  return stayed;
}

async function applyDecision(
  decision: Decision<StoredSnapshot>,
  { store, listener, staying }: PruneRequest,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<PrunedObject> {
  const { snapshot } = decision;
  if (decision.action === 'keep') {
    return { ...decision, outcome: 'kept' };
  }
  const fields = { key: snapshot.key, reason: decision.reason };
  if (staying?.has(snapshot) === true) {
    return {
      ...decision,
      outcome: 'immutable',
      error: stayedError('immutable', `${snapshot.key} from ${store.location}`),
    };
  }
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
  return { ...decision, outcome: 'deleted' };
}
