import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import type { History } from '../../snapshot/history/histories.ts';
import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { concerns } from '../history/decide-fork.ts';
import { advisingOthers } from '../history/other-histories.ts';
import type { CandidateChain } from './candidate-chain.ts';
import { chooseDeltas, type DeltaChoice, refuseIncomplete } from './deltas/choose.ts';
import { selectChain } from './select-chain.ts';
import type { RestoreTarget } from './target.ts';

/**
 * What a restore would do, as the names of the snapshots say. The database of a full may reach beyond its name; a restore then leaves out
 * the deltas it does not need.
 */
export interface RestorePlan extends Omit<DeltaChoice, 'lastRevision'> {
  /** Where the restore ends; undefined for a file whose name does not say it. */
  readonly lastRevision: Revision | undefined;
  readonly base: StoredSnapshot;
  /** The last revision that was asked for; undefined for all there is. */
  readonly until: Revision | undefined;
  /** See {@link Selection.unrecorded}. */
  readonly unrecorded: RevisionRange | undefined;
  /** Stored bytes to fetch. */
  readonly bytes: number;
  readonly location: string;
  /** Number of the history it is of. */
  readonly history: number;
  /** The other histories of the store, as a way out. */
  readonly others: readonly History<StoredSnapshot>[];
  /** What ages say against it: the restore looks into these, and refuses to merge two histories. */
  readonly doubts: readonly SuspectedFork<StoredSnapshot>[];
}

/**
 * Plans a restore without changing or fetching anything but, for a point in time, the deltas around it.
 * Throws a Failure when there is nothing to begin with; a hole on the way is part of the plan.
 */
export async function planRestore(
  request: { readonly store: SnapStore; readonly target: RestoreTarget },
  context: RunContext,
): Promise<RestorePlan> {
  const { store, target } = request;
  const selection = await selectChain(store, target, context);
  const { chains, later, until, unrecorded, history, others, doubts: suspected } = selection;
  const [first] = chains;
  const named = chooseDeltas(first, { covered: first.base.lastRevision, until });
  const chain = named.missing === undefined ? first : (later[0] ?? first);
  const { base } = chain;
  const choice = chain === first ? named : chooseDeltas(chain, { covered: base.lastRevision, until });
  const bytes = [base, ...choice.deltas].reduce((sum, { size }) => sum + size, 0);
  const lastRevision = base.unnamed ? undefined : choice.lastRevision;
  const used = { base, used: choice.deltas, until };
  const doubts = suspected.filter((fork) => concerns(fork, used));
  const { number } = history;
  const { location } = store;
  return { ...choice, lastRevision, base, until, unrecorded, bytes, location, history: number, others, doubts };
}

/** Throws the Failure a restore would end with when the plan has a hole. */
export function refuseIncompletePlan(plan: RestorePlan): void {
  const chain: CandidateChain = { base: plan.base, candidates: plan.deltas };
  try {
    refuseIncomplete(plan, chain, plan);
  } catch (error) {
    throw advisingOthers(error, plan.others, { wanted: plan.until });
  }
}
