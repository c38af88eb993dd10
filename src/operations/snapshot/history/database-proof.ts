import { Database } from '../../../datadir/bbolt/database.ts';
import { changesAt, type StoredChange } from '../../../datadir/mvcc/changes-at.ts';
import { readCompactionMarks } from '../../../datadir/mvcc/compaction-marks.ts';
import { readLastRevision } from '../../../datadir/mvcc/last-revision.ts';
import { firstChangeFrom, lastChangeUpTo } from '../../../datadir/mvcc/nearest-change.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';
import {
  compareProofs,
  type ProofVerdict,
  type RevisionProof,
  RevisionProofBuilder,
} from '../../../snapshot/history/revision-proof.ts';

/** The events of `at`, or else of the last revision, that the database in the file at `path` holds. Throws Damage. */
export async function proofInDatabase(
  path: string,
  options: { readonly signal: AbortSignal; readonly at?: Revision },
): Promise<RevisionProof> {
  await using database = await Database.open(path);
  return await proofAt(database, options.at ?? revision(await readLastRevision(database)), options);
}

/**
 * The same of the last revision of which there is something: a compaction may have removed what is after it, and where a restore has raised
 * the revisions there are no events. Throws Damage.
 */
export async function lastProofInDatabase(
  path: string,
  options: { readonly signal: AbortSignal },
): Promise<RevisionProof> {
  await using database = await Database.open(path);
  const last = revision(await readLastRevision(database));
  const proof = await proofAt(database, last, options);
  return proof.count > 0
    ? proof
    : await proofAt(database, revision(await lastChangeUpTo(database, last - 1, options)), options);
}

/**
 * Whether the database in the file at `path` has the events of a revision that are known. They are missing without a reason,
 * and so other ones, when no compaction can have removed them. Throws Damage.
 */
export async function compareWithDatabase(
  path: string,
  known: RevisionProof,
  options: { readonly signal: AbortSignal },
): Promise<ProofVerdict> {
  await using database = await Database.open(path);
  const found = await proofAt(database, known.revision, options);
  if (found.count > 0 || known.count === 0) {
    return compareProofs(known, found);
  }
  const { scheduled, finished } = await readCompactionMarks(database);
  return known.revision > Math.max(scheduled, finished) ? 'different' : 'unproven';
}

/**
 * The revision to which a restore has raised those of the database in the file at `path`, where nothing comes between that and `after`;
 * undefined where none has. Throws Damage.
 */
export async function raisedAfter(
  path: string,
  after: Revision,
  options: { readonly signal: AbortSignal },
): Promise<number | undefined> {
  await using database = await Database.open(path);
  const next = await firstChangeFrom(database, after + 1, options);
  return next?.isRaise === true ? next.main : undefined;
}

async function proofAt(
  database: Database,
  at: Revision,
  { signal }: { readonly signal: AbortSignal },
): Promise<RevisionProof> {
  const builder = new RevisionProofBuilder(at);
  for await (const event of eventsAt(database, at, { signal })) {
    builder.add(event);
  }
  return builder.proof();
}

/** The events of a revision that a database holds, in order, each valid until the next. Throws Damage. */
export async function* eventsAt(
  database: Database,
  at: number,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<DeltaEvent, void> {
  for await (const change of changesAt(database, at, options)) {
    // A record without a key is no event: a restore has raised the revisions to it.
    if (change.key.length > 0) {
      yield eventOf(change, revision(at));
    }
  }
}

/** A record as a watch would show it. */
function eventOf(change: StoredChange, at: Revision): DeltaEvent {
  const { key, value, version, lease } = change;
  if (change.tombstone) {
    return { type: 'delete', key, modRevision: at };
  }
  const createRevision = revision(change.createRevision);
  return { type: 'put', key, modRevision: revision(change.modRevision), value, createRevision, version, lease };
}
