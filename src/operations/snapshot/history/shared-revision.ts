import { Database } from '../../../datadir/bbolt/database.ts';
import { commonHistory } from '../../../datadir/mvcc/common-history.ts';
import { readCompactionMarks } from '../../../datadir/mvcc/compaction-marks.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { ProofVerdict } from '../../../snapshot/history/revision-proof.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { ExpandedFull } from '../../history/expanded-full.ts';
import { compareSurvivor } from './compare-survivor.ts';
import { compareWithDatabase } from './database-proof.ts';
import { readable } from './readable.ts';
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
  /** A revision that is known to be another one, from which on nothing is shared; left out where none is. */
  readonly differsAt?: Revision | undefined;
}

/** How far two histories are the same. */
export interface SharedRevision {
  /** The last revision that both are proved to have in common; 0 when none is. It may be lower than the truth, never higher. */
  readonly proved: Revision;
  /** Up to here they may have more in common: nothing proves that they part before. */
  readonly possible: Revision;
}

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 1024 * 1024 * 1024;
/** How many objects of a kind are read one after the other where halves do not help. */
const MOST_TRIES = 6;
/** So many revisions of a delta are compared. */
const MOST_COMPARED = 64;

/**
 * The last revision that both histories have in common. What is damaged, or compacted away, proves nothing.
 *
 * Histories part once, so the deltas are searched by halves: only a few are read. Where they do not say, as when the older ones
 * are gone and the cluster was put back to what a newer full still held, fulls are expanded and compared record by record.
 */
export async function findSharedRevision(comparison: HistoryComparison, context: RunContext): Promise<SharedRevision> {
  const compacted = await compactedUpTo(comparison.database.path);
  const found = new Found(comparison.database.lastRevision);
  if (comparison.differsAt !== undefined) {
    found.at('different', comparison.differsAt);
  }
  await compareDeltas(comparison, { found, compacted }, context);
  await compareSurvivors(comparison, { found, compacted }, context);
  await compareFulls(comparison, found, context);
  if (found.proved === 0) {
    await compareEnds(comparison, { found, compacted }, context);
  }
  return { proved: revision(found.proved), possible: revision(found.possible) };
}

/** What the comparisons have found so far. */
class Found {
  /** The last revision that is the same. */
  #same = 0;
  /** The first revision that is known to be another one. */
  #different = Number.POSITIVE_INFINITY;
  readonly #end: number;

  /** `end` is the last revision of the new history: what they share does not go beyond it. */
  constructor(end: number) {
    this.#end = end;
  }

  /** What is the same after a difference is so by chance: histories part once. */
  get proved(): number {
    return Math.min(this.#same, this.#different - 1);
  }

  get possible(): number {
    return Math.max(this.proved, Math.min(this.#end, this.#different - 1));
  }

  /** Notes what a comparison at a revision says. */
  at(verdict: ProofVerdict | undefined, at: number): void {
    if (verdict === 'same') {
      this.#same = Math.max(this.#same, at);
    } else if (verdict === 'different') {
      this.#different = Math.min(this.#different, at);
    }
  }
}

/** A delta that is compared, from where the database is not compacted. */
interface ComparedDelta {
  readonly delta: StoredSnapshot;
  readonly compacted: number;
  readonly found: Found;
}

async function compareDeltas(
  comparison: HistoryComparison,
  { found, compacted }: { readonly found: Found; readonly compacted: number },
  context: RunContext,
): Promise<void> {
  const { snapshots, database } = comparison;
  const deltas = snapshots.filter(({ kind, lastRevision }) => kind === 'Incr' && lastRevision > compacted);
  const ended = deltas.filter(({ lastRevision }) => lastRevision <= Math.min(database.lastRevision, found.possible));
  const same = await countLeading(ended, (delta) => isShared(comparison, { delta, compacted, found }, context));
  const parting = deltas[same];
  if (parting !== undefined) {
    await compareWithin(comparison, { delta: parting, compacted, found }, context);
  }
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

/** Whether the last revision of a delta is the same, and some before it are, of which one alone could be so by chance. */
async function isShared(
  { store, database }: HistoryComparison,
  { delta, compacted, found }: ComparedDelta,
  context: RunContext,
): Promise<boolean> {
  const from = revision(Math.max(delta.startRevision, compacted + 1));
  const step = Math.ceil((delta.lastRevision - from + 1) / MOST_COMPARED);
  const isWanted = (at: number): boolean => (delta.lastRevision - at) % step === 0;
  const proofs = (await readable(context, delta, () => proofsInDelta({ store, delta, from, isWanted }, context))) ?? [];
  let isSame = false;
  for (const proof of proofs) {
    const verdict = await compareWithDatabase(database.path, proof, context);
    found.at(verdict, proof.revision);
    isSame = verdict === 'same';
    if (verdict === 'different') {
      return false;
    }
  }
  return isSame;
}

/** Compares the last revision of a delta. */
async function compareEnd(
  comparison: HistoryComparison,
  snapshot: StoredSnapshot,
  context: RunContext,
): Promise<ProofVerdict | undefined> {
  return await readable(context, snapshot, async () => {
    const proof = await proofOfSnapshot({ ...comparison, snapshot }, context);
    return proof === undefined || proof.revision > comparison.database.lastRevision
      ? 'unproven'
      : await compareWithDatabase(comparison.database.path, proof, context);
  });
}

/** Compares the revisions of a delta. */
async function compareWithin(
  { store, database }: HistoryComparison,
  { delta, compacted, found }: ComparedDelta,
  context: RunContext,
): Promise<void> {
  const from = revision(Math.max(delta.startRevision, compacted + 1));
  const proofs = (await readable(context, delta, () => proofsInDelta({ store, delta, from }, context))) ?? [];
  const present = proofs.filter((proof) => proof.revision <= Math.min(database.lastRevision, found.possible));
  await countLeading(present, async (proof) => {
    const verdict = await compareWithDatabase(database.path, proof, context);
    found.at(verdict, proof.revision);
    return verdict === 'same';
  });
}

/** Compares the last revision of which a compaction has left something. */
async function compareSurvivors(
  { store, snapshots, database }: HistoryComparison,
  { found, compacted }: { readonly found: Found; readonly compacted: number },
  context: RunContext,
): Promise<void> {
  const end = snapshots.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0);
  const upTo = Math.min(compacted, end);
  if (upTo > found.proved) {
    const survivor = await compareSurvivor({ store, snapshots, path: database.path, upTo }, context);
    found.at(survivor?.verdict, survivor?.at ?? 0);
  }
}

/** Compares fulls that may prove more, by halves; those that prove nothing are passed over. */
async function compareFulls(comparison: HistoryComparison, found: Found, context: RunContext): Promise<void> {
  const { snapshots, database, ...place } = comparison;
  let fulls = snapshots.filter(({ kind, size }) => kind === 'Full' && size <= LARGEST_FULL);
  for (let tries = 0; tries < MOST_TRIES && found.proved < found.possible; tries++) {
    fulls = fulls.filter(({ lastRevision }) => lastRevision > found.proved);
    const middle = Math.floor(fulls.length / 2);
    const full = fulls[middle];
    if (full === undefined) {
      return;
    }
    const common = await readable(context, full, async () => {
      await using expanded = new ExpandedFull({ ...place, full });
      await using own = await Database.open(database.path);
      return await commonHistory(own, await expanded.open(context), context);
    });
    found.at('same', common?.shared ?? 0);
    if (common?.differs !== undefined) {
      found.at('different', common.differs);
      fulls = fulls.slice(0, middle);
    } else {
      // All of it is the same, or nothing of it can be compared.
      fulls = fulls.filter((each) => each !== full);
    }
  }
}

/** Compares the ends of the last deltas that end where the database is compacted: a change may be left there. */
async function compareEnds(
  comparison: HistoryComparison,
  { found, compacted }: { readonly found: Found; readonly compacted: number },
  context: RunContext,
): Promise<void> {
  const candidates = comparison.snapshots
    .filter(({ kind, lastRevision }) => kind === 'Incr' && lastRevision <= compacted)
    .slice(-MOST_TRIES)
    .toReversed();
  for (const delta of candidates) {
    if ((await compareEnd(comparison, delta, context)) === 'same') {
      found.at('same', delta.lastRevision);
      return;
    }
  }
}

async function compactedUpTo(path: string): Promise<number> {
  await using database = await Database.open(path);
  const { scheduled, finished } = await readCompactionMarks(database);
  return Math.max(scheduled, finished);
}
