import { Database } from '../../datadir/bbolt/database.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import type { MemberFiles } from '../../datadir/structure.ts';
import { revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { Histories, History } from '../../snapshot/history/histories.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { compareWithDatabase } from '../history/compare-with-database.ts';
import { couldNotCompare } from './could-not-compare.ts';

/**
 * The history of a store, left since, that a sound directory belongs to: a volume from before the cluster was put back. Undefined where it
 * belongs to the living history, or nothing shows it. Reads one delta, and a second one where that differs. Throws the signal's reason.
 */
export async function findLeftHistory(
  directory: {
    readonly member: Pick<MemberFiles, 'db'>;
    /** Opens its db with the rights of its owner; all else is done with ours. */
    readonly openAs: (open: () => Promise<Database>) => Promise<Database>;
    readonly store: SnapStore;
    readonly histories: Histories<StoredSnapshot>;
  },
  context: RunContext,
): Promise<History<StoredSnapshot> | undefined> {
  const { member, openAs, store, histories } = directory;
  try {
    await using database = await openAs(() => Database.open(member.db));
    const last = await readLastRevision(database);
    const compared = async (snapshots: readonly StoredSnapshot[]): Promise<'equal' | 'different' | 'unknown'> => {
      const delta = restorable(snapshots).findLast(
        ({ kind, startRevision }) => kind === 'Incr' && startRevision <= last,
      );
      if (delta === undefined) {
        return 'unknown';
      }
      const range = { from: delta.startRevision, to: revision(Math.min(last, delta.lastRevision)) };
      return (await compareWithDatabase({ store, delta, database, range }, context)).outcome;
    };
    if ((await compared(histories.living.snapshots)) !== 'different') {
      return undefined;
    }
    for (const history of histories.left.toReversed()) {
      if ((await compared(history.own)) === 'equal') {
        return history;
      }
    }
    return undefined;
  } catch (error) {
    couldNotCompare(error, context);
    return undefined;
  }
}
