import { Database } from '../../../datadir/bbolt/database.ts';
import { Damage } from '../../../datadir/damage.ts';
import { readCompactionMarks } from '../../../datadir/mvcc/compaction-marks.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { SnapshotDamage } from '../../../snapshot/damage.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import { compareWithDatabase } from './database-proof.ts';
import { proofOfSnapshot, proofsInDelta } from './snapshot-proof.ts';

/** Where two histories are compared. */
export interface HistoryComparison {
  readonly store: SnapStore;
  /** Whole snapshots of the history that is left, in chain order. */
  readonly snapshots: readonly StoredSnapshot[];
  /** A database of the new history. */
  readonly database: { readonly path: string; readonly lastRevision: Revision };
  /** For fulls that have to be read. */
  readonly tempDir: string;
}

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 1024 * 1024 * 1024;
/** How many objects are read one after the other where halves do not help. */
const MOST_TRIES = 6;

/**
 * The last revision that both histories are proved to have in common; 0 when none is. What is damaged, or compacted away in the
 * database, proves nothing, so the result may be lower than the truth, never higher.
 *
 * Histories part once, so the deltas are searched by halves: only a few are read.
 */
export async function findSharedRevision(comparison: HistoryComparison, context: RunContext): Promise<Revision> {
  const { snapshots, database } = comparison;
  const compacted = await compactedUpTo(database.path);
  const deltas = snapshots.filter(({ kind, lastRevision }) => kind === 'Incr' && lastRevision > compacted);
  const ended = deltas.filter(({ lastRevision }) => lastRevision <= database.lastRevision);
  const same = await countLeading(ended, (delta) => isShared(comparison, delta, context));
  const parting = deltas[same];
  const inside = parting === undefined ? 0 : await lastSharedIn(comparison, { delta: parting, compacted }, context);
  const shared = Math.max(ended[same - 1]?.lastRevision ?? 0, inside);
  return revision(shared > 0 ? shared : await lastSharedEnd(comparison, compacted, context));
}

/** How many of `items` pass, all of which come before those that do not. */
async function countLeading<T>(items: readonly T[], passes: (item: T) => Promise<boolean>): Promise<number> {
  let from = 0;
  for (let to = items.length; from < to; ) {
    const middle = Math.floor((from + to) / 2);
    const [item] = items.slice(middle, middle + 1);
    if (item !== undefined && (await passes(item))) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

async function isShared(
  comparison: HistoryComparison,
  snapshot: StoredSnapshot,
  context: RunContext,
): Promise<boolean> {
  const verdict = await readable(context, snapshot, async () => {
    const proof = await proofOfSnapshot({ ...comparison, snapshot }, context);
    return proof === undefined || proof.revision > comparison.database.lastRevision
      ? 'unproven'
      : await compareWithDatabase(comparison.database.path, proof, context);
  });
  return verdict === 'same';
}

/** The last revision of a delta up to which its events are those of the database; 0 when there is none. */
async function lastSharedIn(
  { store, database }: HistoryComparison,
  { delta, compacted }: { readonly delta: StoredSnapshot; readonly compacted: number },
  context: RunContext,
): Promise<number> {
  const from = revision(Math.max(delta.startRevision, compacted + 1));
  const proofs = (await readable(context, delta, () => proofsInDelta({ store, delta, from }, context))) ?? [];
  const present = proofs.filter((proof) => proof.revision <= database.lastRevision);
  const same = await countLeading(
    present,
    async (proof) => (await compareWithDatabase(database.path, proof, context)) === 'same',
  );
  return present[same - 1]?.revision ?? 0;
}

/** Of what ends where the database is compacted, or is a full: the last one whose end is the same. */
async function lastSharedEnd(comparison: HistoryComparison, compacted: number, context: RunContext): Promise<number> {
  const { snapshots, database } = comparison;
  const candidates = snapshots
    .filter(({ kind, lastRevision }) => lastRevision <= (kind === 'Full' ? database.lastRevision : compacted))
    .filter(({ kind, size }) => kind === 'Incr' || size <= LARGEST_FULL)
    .slice(-MOST_TRIES)
    .toReversed();
  for (const snapshot of candidates) {
    if (await isShared(comparison, snapshot, context)) {
      return snapshot.lastRevision;
    }
  }
  return 0;
}

async function compactedUpTo(path: string): Promise<number> {
  await using database = await Database.open(path);
  const { scheduled, finished } = await readCompactionMarks(database);
  return Math.max(scheduled, finished);
}

/** Undefined, with a warning, when a snapshot cannot be read. */
async function readable<T>(
  { log, signal }: RunContext,
  { name }: StoredSnapshot,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SnapshotDamage || error instanceof Damage || error instanceof StoreError) {
      log.warn({ snapshot: name, error }, `${name} cannot be compared with the cluster: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
