import { Database } from '../../datadir/bbolt/database.ts';
import { commonHistory } from '../../datadir/mvcc/common-history.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../datadir/mvcc/revision-key.ts';
import type { MemberFiles } from '../../datadir/structure.ts';
import { createScratchDirectory } from '../../fs/scratch-directory.ts';
import { revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { Histories } from '../../snapshot/history/histories.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { compareWithDatabase } from '../history/compare-with-database.ts';
import { ExpandedFull } from '../history/expanded-full.ts';
import { couldNotCompare } from './could-not-compare.ts';

/** A directory that ends before the backup does, and what the backup holds. */
export interface ShorterDirectory {
  readonly member: Pick<MemberFiles, 'db'>;
  /** Opens its db with the rights of its owner; all else is done with ours. */
  readonly openAs: (open: () => Promise<Database>) => Promise<Database>;
  readonly store: SnapStore;
  readonly histories: Histories<StoredSnapshot>;
  /** For a full that has to be looked into. */
  readonly tempDir: string;
}

/** What differs in the directory. */
export interface OtherHistory {
  readonly snapshot: StoredSnapshot;
  readonly revision: number;
}

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 256 * 1024 * 1024;

/**
 * Finds where the db of a directory shares a past with the backup and then holds other events: the directory has lost nothing, but was put
 * back to an older state and has gone on, and no store has that yet. Undefined where both hold the same, where the directory belongs to a
 * history of the store that was left, and where nothing can be compared; a warning says when a file or the store refuses. Throws the
 * signal's reason.
 */
export async function findOtherHistory(
  directory: ShorterDirectory,
  context: RunContext,
): Promise<OtherHistory | undefined> {
  const { member, openAs, store, histories, tempDir } = directory;
  try {
    await using database = await openAs(() => Database.open(member.db));
    const last = revision(await readLastRevision(database));
    const compare = async (snapshots: readonly StoredSnapshot[]): Promise<'equal' | 'unknown' | OtherHistory> => {
      const reaching = restorable(snapshots).filter((each) => each.lastRevision >= last && !isTooSmall(each));
      const delta = reaching.find(({ kind, startRevision }) => kind === 'Incr' && startRevision <= last);
      if (delta !== undefined) {
        const range = { from: delta.startRevision, to: last };
        const found = await compareWithDatabase({ store, delta, database, range }, context);
        return found.outcome === 'different' ? { snapshot: delta, revision: found.revision } : found.outcome;
      }
      const full = reaching.find(({ kind, size }) => kind === 'Full' && size <= LARGEST_FULL);
      if (full === undefined) {
        return 'unknown';
      }
      await using scratch = await createScratchDirectory(tempDir, 'compare', context);
      await using expanded = new ExpandedFull({ store, full, tempDir: scratch.path });
      const { differs } = await commonHistory(database, await expanded.open(context), context);
      return differs === undefined ? 'unknown' : { snapshot: full, revision: differs };
    };
    const found = await compare(histories.living.snapshots);
    if (typeof found === 'string' || !(await holdsRevision(database, found.revision))) {
      return undefined;
    }
    // Where nothing before is the same, it is the directory of another cluster, on a volume that was mounted by mistake.
    if (!(await sharesPast({ ...directory, database, before: found.revision }, context))) {
      return undefined;
    }
    for (const { own } of histories.left) {
      if ((await compare(own)) === 'equal') {
        return undefined;
      }
    }
    return found;
  } catch (error) {
    couldNotCompare(error, context);
    return undefined;
  }
}

/** Whether a db has a change of a revision. Above what was compacted each has one: where none is, something was lost. */
async function holdsRevision(database: Database, main: number): Promise<boolean> {
  const records = await database.bucket('key');
  for (const tombstone of [false, true]) {
    const bytes = new Uint8Array(REVISION_KEY_SIZE + 1);
    const key = bytes.subarray(0, encodeRevisionKey(bytes, 0, { main, sub: 0, tombstone }));
    if ((await records?.get(key)) !== undefined) {
      return true;
    }
  }
  return false;
}

/** So many snapshots of which nothing is left in the db are compared; more would show nothing more. */
const MOST_COMPARED = 5;

/** Whether a db and the living history hold the same at some revision before this one. */
async function sharesPast(
  work: Omit<ShorterDirectory, 'member' | 'openAs'> & { readonly database: Database; readonly before: number },
  context: RunContext,
): Promise<boolean> {
  const { store, histories, tempDir, database, before } = work;
  const whole = restorable(histories.living.snapshots).filter((each) => !isTooSmall(each));
  const deltas = whole.filter(({ kind, startRevision }) => kind === 'Incr' && startRevision < before).toReversed();
  for (const delta of deltas.slice(0, MOST_COMPARED)) {
    const range = { from: delta.startRevision, to: revision(Math.min(delta.lastRevision, before - 1)) };
    const { outcome } = await compareWithDatabase({ store, delta, database, range }, context);
    if (outcome !== 'unknown') {
      return outcome === 'equal';
    }
  }
  const full = whole.findLast(({ kind, size }) => kind === 'Full' && size <= LARGEST_FULL);
  if (full === undefined) {
    return false;
  }
  await using scratch = await createScratchDirectory(tempDir, 'compare', context);
  await using expanded = new ExpandedFull({ store, full, tempDir: scratch.path });
  return (await commonHistory(database, await expanded.open(context), context)).shared > 0;
}
