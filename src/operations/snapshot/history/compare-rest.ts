import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import { compareSurvivor } from './compare-survivor.ts';
import type { ContinuationDoubts } from './continuation-doubts.ts';
import { raisedAfter } from './database-proof.ts';
import type { HistoryBreak } from './history-break.ts';
import { livingIn } from './mark-new-history.ts';

/** What is left of a database says of what is stored. */
export type RestComparison =
  | { readonly outcome: 'other'; readonly broken: HistoryBreak }
  /** Up to this revision it continues it; 0 where nothing tells. */
  | { readonly outcome: 'proved'; readonly provedUpTo: Revision };

/** Compares what a compaction has left of a database with what is stored, where the events of its last revision, `known`, are gone. */
export async function compareRest(
  work: {
    readonly store: SnapStore;
    /** Of the database. */
    readonly path: string;
    readonly known: Revision;
    /** What is stored of the history, as far as it is not in doubt. */
    readonly living: () => Promise<readonly StoredSnapshot[]>;
  },
  context: RunContext,
): Promise<RestComparison> {
  const { store, path, known, living } = work;
  const raised = await raisedAfter(path, known, context);
  if (raised !== undefined) {
    const found = `a restore has raised its revisions to ${raised}, and of the backup's last revision, ${known}, nothing is there`;
    return { outcome: 'other', broken: { change: 'rolled_back', found } };
  }
  const snapshots = await living();
  const survivor = await compareSurvivor({ store, snapshots, path, upTo: known }, context);
  if (survivor?.verdict === 'different') {
    const found = `what a compaction has left of its events at revision ${survivor.at} is not what is in the backup`;
    return { outcome: 'other', broken: { change: 'different_events', found, differsAt: survivor.at } };
  }
  return { outcome: 'proved', provedUpTo: survivor?.verdict === 'same' ? survivor.at : revision(0) };
}

/** What is stored of the living history, as far as it is not in doubt; nothing, with a warning, where the store does not say: a full must not fail because of it. */
export async function livingNow(
  store: SnapStore,
  doubts: ContinuationDoubts,
  { signal, log }: RunContext,
): Promise<readonly StoredSnapshot[]> {
  try {
    const listing = await store.list({ signal });
    return doubts.withoutDoubtful(restorable(livingIn(listing)), listing);
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.warn({ error }, `The cluster cannot be compared with what is stored: ${error.message}`);
    return [];
  }
}
