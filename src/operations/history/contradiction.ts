import type { Database } from '../../datadir/bbolt/database.ts';
import { Damage } from '../../datadir/damage.ts';
import { commonHistory } from '../../datadir/mvcc/common-history.ts';
import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { compareWithDatabase } from './compare-with-database.ts';
import { ExpandedFull } from './expanded-full.ts';
import type { ForkedPair } from './fork-failure.ts';

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 1024 * 1024 * 1024;

/** A full whose name is ahead of the clock, and what it is held against. */
export interface DoubtedFull {
  readonly store: SnapStore;
  readonly full: StoredSnapshot;
  /** Where it really ends. */
  readonly covered: Revision;
  readonly database: Database;
  /** Those of its history. */
  readonly snapshots: readonly StoredSnapshot[];
  /** Where a full is expanded. */
  readonly tempDir: string;
}

/**
 * Whether the newest snapshot before it that can be believed tells something else than a full whose age is not known. Undefined when
 * it does not, and when nothing can be compared.
 */
export async function contradictionOf(
  { store, full, covered, database, snapshots, tempDir }: DoubtedFull,
  context: RunContext,
): Promise<ForkedPair | undefined> {
  const before = restorable(snapshots).filter(
    ({ ahead, lastRevision }) => ahead === undefined && lastRevision <= covered,
  );
  const delta = before.findLast(({ kind }) => kind === 'Incr');
  const base = before.findLast(({ kind, size }) => kind === 'Full' && size <= LARGEST_FULL);
  const byDelta = delta !== undefined && delta.lastRevision > (base?.lastRevision ?? 0);
  try {
    if (byDelta) {
      const range = { from: delta.startRevision, to: delta.lastRevision };
      const found = await compareWithDatabase({ store, delta, database, range }, context);
      return found.outcome === 'different' ? { one: delta, other: full, revision: found.revision } : undefined;
    }
    if (base === undefined) {
      return undefined;
    }
    await using expanded = new ExpandedFull({ store, full: base, tempDir });
    const { differs } = (await commonHistory(database, await expanded.open(context), context)) ?? {};
    return differs === undefined ? undefined : { one: base, other: full, revision: differs };
  } catch (error) {
    if (error instanceof SnapshotDamage || error instanceof Damage) {
      return undefined;
    }
    throw error;
  }
}
