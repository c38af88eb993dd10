import { Database } from '../../../datadir/bbolt/database.ts';
import { lastChangeUpTo } from '../../../datadir/mvcc/nearest-change.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { ProofVerdict } from '../../../snapshot/history/revision-proof.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { compareWithDatabase } from './database-proof.ts';
import { readable } from './readable.ts';
import { proofsInDelta } from './snapshot-proof.ts';

/** What is left of a compacted history, compared. */
export interface SurvivorVerdict {
  readonly verdict: ProofVerdict | undefined;
  /** The revision that was compared. */
  readonly at: Revision;
}

/**
 * Compares the last revision up to `upTo` of which a compaction has left something in the database with what the deltas hold of it: a key
 * that was not written again keeps its record. Undefined where no delta holds that revision. A delta that cannot be read gives no verdict.
 */
export async function compareSurvivor(
  {
    store,
    snapshots,
    path,
    upTo,
  }: {
    readonly store: SnapStore;
    /** Of one history, in chain order. */
    readonly snapshots: readonly StoredSnapshot[];
    /** The file of the database. */
    readonly path: string;
    readonly upTo: number;
  },
  context: RunContext,
): Promise<SurvivorVerdict | undefined> {
  const at = await lastRevisionUpTo(path, upTo, context);
  const delta = snapshots.findLast(
    ({ kind, startRevision, lastRevision }) => kind === 'Incr' && startRevision <= at && at <= lastRevision,
  );
  if (delta === undefined) {
    return undefined;
  }
  const proofs = (await readable(context, delta, () => proofsInDelta({ store, delta, from: at }, context))) ?? [];
  const known = proofs.find(({ revision: each }) => each === at);
  return { verdict: known === undefined ? undefined : await compareWithDatabase(path, known, context), at };
}

async function lastRevisionUpTo(path: string, upTo: number, context: RunContext): Promise<Revision> {
  await using database = await Database.open(path);
  return revision(await lastChangeUpTo(database, upTo, context));
}
