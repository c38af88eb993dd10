import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Database } from '../../datadir/bbolt/database.ts';
import { alarmText, readAlarmRecords } from '../../datadir/mvcc/alarm-records.ts';
import { type DatabaseFacts, inspectDatabase } from '../../datadir/mvcc/inspect-database.ts';
import { keptRecords } from '../../datadir/mvcc/kept-records.ts';
import { type DatabaseVersions, readVersions } from '../../datadir/mvcc/versions.ts';
import { createScratchDirectory } from '../../fs/scratch-directory.ts';
import { makingTemporary, writingTemporary } from '../../fs/work-directory.ts';
import { factsOfFull } from '../../objects/full-facts.ts';
import { readFailure } from '../../objects/read-failure.ts';
import { openSnapshotFile } from '../../objects/single-file-store.ts';
import { writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import { stillGoing } from '../../runtime/log/still-going.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { Identities } from '../../snapshot/encryption/identities.ts';
import { endsWithHash } from '../../snapshot/hash-size.ts';
import type { FullFacts } from '../../snapshot/key-index/facts.ts';
import type { Compression } from '../../snapshot/snapshot.ts';
import { checkTrailingHash } from '../../snapshot/trailing-hash.ts';
import { withStoppedMember } from './stopped-member.ts';

/** What a database holds, wherever it was found. */
export interface DatabaseStatus extends DatabaseFacts {
  readonly lastRevision: Revision;
  /** Keys that exist at the last revision, as `etcdutl snapshot status` of etcd 3.6 and later counts them. */
  readonly livingKeys: number;
  /** `NOSPACE of member 8e9e05c52164694d`, for each alarm that is raised. */
  readonly alarms: readonly string[];
  readonly versions: DatabaseVersions;
  readonly source:
    | { readonly kind: 'database' }
    /** A database followed by its SHA-256, which is right. */
    | { readonly kind: 'snapshot'; readonly compression: Compression; readonly facts?: FullFacts | undefined }
    /** `withLog` is the revision that etcd reaches after it has applied its write-ahead log. */
    | { readonly kind: 'data directory'; readonly withLog: Revision };
}

/** What to look at. */
export interface StatusRequest {
  /** A db file, a full snapshot, or a data directory. */
  readonly path: string;
  /** Where a data directory has its log, when not in `member/wal`. */
  readonly walDir?: string | undefined;
  /** Where a compressed snapshot is expanded to; made when missing. */
  readonly tempDir: string;
  /** What opens an encrypted snapshot. */
  readonly identities?: Identities | undefined;
}

/**
 * Reads a whole database and checks it: every page, every record, and the hash of a snapshot. Nothing is changed.
 * Throws a Failure: `snapshot_corrupt` when something is damaged, `data_dir_locked` when an etcd runs on it.
 */
export async function readStatus(request: StatusRequest, context: RunContext): Promise<DatabaseStatus> {
  try {
    const found = await stat(request.path);
    return await stillGoing(`Reading ${request.path}`, context, () =>
      found.isDirectory() ? statusOfDirectory(request, context) : statusOfFile(request, context),
    );
  } catch (error) {
    throw readFailure(error, request.path);
  }
}

async function statusOfDirectory(request: StatusRequest, context: RunContext): Promise<DatabaseStatus> {
  return await withStoppedMember(request, context, ({ dbFile, withLog }) =>
    inspected(dbFile, { kind: 'data directory', withLog }, context),
  );
}

async function statusOfFile(request: StatusRequest, context: RunContext): Promise<DatabaseStatus> {
  const { identities } = request;
  const { store, snapshot } = await openSnapshotFile(request.path, { hash: 'optional', identities });
  await using _held = store;
  const { compression, encryption, size } = snapshot;
  if (compression !== 'none' || encryption !== undefined) {
    const { tempDir } = request;
    await using scratch = await makingTemporary(tempDir, () => createScratchDirectory(tempDir, 'status', context));
    const file = path.join(scratch.path, 'db');
    const target = { file, skipHashCheck: false, onRead: () => undefined };
    await writingTemporary(tempDir, () => writeFull({ store, full: snapshot }, target, context));
    const facts = await factsOfFull({ store, full: snapshot }, context);
    return await inspected(file, { kind: 'snapshot', compression, facts }, context);
  }
  if (!endsWithHash(size)) {
    return await inspected(request.path, { kind: 'database' }, context);
  }
  await checkTrailingHash(createReadStream(request.path, { highWaterMark: 1024 * 1024 }), context);
  return await inspected(request.path, { kind: 'snapshot', compression }, context);
}

async function inspected(
  file: string,
  source: DatabaseStatus['source'],
  { signal }: RunContext,
): Promise<DatabaseStatus> {
  const facts = await inspectDatabase(file, { signal });
  await using database = await Database.open(file);
  const lastRevision = revision(facts.lastRevision);
  const { size: livingKeys } = await keptRecords(database, { revision: lastRevision, signal });
  const alarms = (await readAlarmRecords(database, { signal })).map(alarmText);
  return { ...facts, lastRevision, livingKeys, alarms, versions: await readVersions(database), source };
}
