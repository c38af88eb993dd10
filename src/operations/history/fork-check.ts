import type { Database } from '../../datadir/bbolt/database.ts';
import { Damage } from '../../datadir/damage.ts';
import { commonHistory } from '../../datadir/mvcc/common-history.ts';
import { readCompactionMarks } from '../../datadir/mvcc/compaction-marks.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { compareWithDatabase } from './compare-with-database.ts';
import { type DoubtedChain, decideFork, type ForkFinding } from './decide-fork.ts';
import { ExpandedFull } from './expanded-full.ts';
import type { Overlap } from './overlaps.ts';
import { firstDifference, type RevisionDigest, revisionDigests } from './revision-digests.ts';

/** A chain whose snapshots have to belong to one history. */
export interface ForkCheckRequest extends DoubtedChain {
  readonly store: SnapStore;
  /** The database of the base; asked for only when events have to be compared with it. */
  readonly database: () => Promise<Database>;
  /** Where a full is expanded that has to be looked into. */
  readonly tempDir: string;
}

/** Deltas whose digests are remembered: each overlaps a few that follow each other. */
const REMEMBERED = 6;
/** Of what is not needed so many revisions are compared. */
const MOST_AT_END = 100;

/**
 * Compares the events of everything that a chain holds twice, and reads what its ages put in doubt. Reads nothing when nothing overlaps,
 * nothing is in doubt, and nothing ends where the base does. Undefined when all is one history. Throws what the store and the temporary file throw.
 */
export async function findFork(request: ForkCheckRequest, context: RunContext): Promise<ForkFinding | undefined> {
  const comparison = new Comparison(request, context);
  return await decideFork(request, {
    compare: (overlap) => comparison.compare(overlap),
    compareFull: (full) => comparison.compareFull(full),
    compareEnd: (other) => comparison.compareEnd(other),
    compareDeltaWith: (full, delta) => comparison.compareDeltaWith(full, delta),
    isReadable: (delta) => comparison.isReadable(delta),
    isCompaction: (full) => isCompactionOf(full, request, context),
  });
}

/** Compares events; what was read is remembered for the next comparison. */
class Comparison {
  readonly #request: ForkCheckRequest;
  readonly #context: RunContext;
  readonly #digests = new Map<string, ReadonlyMap<number, RevisionDigest>>();

  constructor(request: ForkCheckRequest, context: RunContext) {
    this.#request = request;
    this.#context = context;
  }

  /** `equal`, the first revision that differs, or `unknown` when one of the two cannot be read: a restore finds that out by itself. */
  async compare({ delta, other, range }: Overlap): Promise<'equal' | 'unknown' | number> {
    try {
      if (other === 'base') {
        const database = await this.#request.database();
        const { store } = this.#request;
        const compared = await compareWithDatabase({ store, delta, database, range }, this.#context);
        return compared.outcome === 'different' ? compared.revision : compared.outcome;
      }
      return firstDifference(await this.#of(delta), await this.#of(other), range) ?? 'equal';
    } catch (error) {
      if (error instanceof SnapshotDamage || error instanceof Damage) {
        return 'unknown';
      }
      throw error;
    }
  }

  /** The same of another full and the base. */
  async compareFull(full: StoredSnapshot): Promise<'equal' | 'unknown' | number> {
    const { store, tempDir, database } = this.#request;
    const base = await database();
    try {
      await using expanded = new ExpandedFull({ store, full, tempDir });
      const { shared, differs } = await commonHistory(base, await expanded.open(this.#context), this.#context);
      return differs ?? (shared > 0 ? 'equal' : 'unknown');
    } catch (error) {
      if (error instanceof SnapshotDamage || error instanceof Damage) {
        return 'unknown';
      }
      throw error;
    }
  }

  /** The same of the base and what holds its last revision, as far as the store gives it. */
  async compareEnd(other: StoredSnapshot): Promise<'equal' | 'unknown' | number> {
    const { lastRevision: to } = this.#request.base;
    const from = revision(Math.max(other.startRevision, to - MOST_AT_END + 1));
    try {
      return await (other.kind === 'Full'
        ? this.compareFull(other)
        : this.compare({ delta: other, other: 'base', range: { from, to } }));
    } catch (error) {
      if (error instanceof StoreError && error.kind !== 'transient') {
        return 'unknown';
      }
      throw error;
    }
  }

  /** The same of another full and a delta. */
  async compareDeltaWith(full: StoredSnapshot, delta: StoredSnapshot): Promise<'equal' | 'unknown' | number> {
    const { store, tempDir } = this.#request;
    const range = { from: delta.startRevision, to: revision(Math.min(delta.lastRevision, full.lastRevision)) };
    try {
      await using expanded = new ExpandedFull({ store, full, tempDir });
      const database = await expanded.open(this.#context);
      const compared = await compareWithDatabase({ store, delta, database, range }, this.#context);
      return compared.outcome === 'different' ? compared.revision : compared.outcome;
    } catch (error) {
      if (error instanceof SnapshotDamage || error instanceof Damage) {
        return 'unknown';
      }
      throw error;
    }
  }

  /** Whether a delta can be read to its end. */
  async isReadable(delta: StoredSnapshot): Promise<boolean> {
    try {
      await this.#of(delta);
      return true;
    } catch (error) {
      if (error instanceof SnapshotDamage) {
        return false;
      }
      throw error;
    }
  }

  async #of(delta: StoredSnapshot): Promise<ReadonlyMap<number, RevisionDigest>> {
    const known = this.#digests.get(delta.key);
    if (known !== undefined) {
      return known;
    }
    const read = await revisionDigests({ store: this.#request.store, delta }, this.#context);
    this.#digests.set(delta.key, read);
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > REMEMBERED && oldest !== undefined) {
      this.#digests.delete(oldest);
    }
    return read;
  }
}

/**
 * Whether a full is the work of a compaction: its history is compacted up to its own end. Such a full is made from the snapshots
 * before it, while others are written.
 */
async function isCompactionOf(
  full: StoredSnapshot,
  { store, base, database, tempDir }: ForkCheckRequest,
  context: RunContext,
): Promise<boolean> {
  if (full === base) {
    return await isCompactedToEnd(await database());
  }
  try {
    await using expanded = new ExpandedFull({ store, full, tempDir });
    return await isCompactedToEnd(await expanded.open(context));
  } catch (error) {
    if (error instanceof SnapshotDamage || error instanceof Damage) {
      return false;
    }
    throw error;
  }
}

async function isCompactedToEnd(database: Database): Promise<boolean> {
  const { scheduled, finished } = await readCompactionMarks(database);
  return Math.max(scheduled, finished) === (await readLastRevision(database));
}
