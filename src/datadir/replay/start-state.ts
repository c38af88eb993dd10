import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../../fs/errno.ts';
import { MalformedMessage } from '../../protobuf/reader.ts';
import { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { type ConfChange, decodeConfChange, type RaftEntry } from '../raft/raft.ts';
import { chooseSnapshot, formatSnapDbName, newestSnapIndex } from '../snap/snap-directory.ts';
import type { RaftSnapshot } from '../snap/snap-file.ts';
import type { LogSummary } from '../wal/log-walk.ts';
import { readWholeLog } from '../wal/whole-log.ts';

/** What an etcd would start from. */
export interface StartState {
  /** Where the log is. */
  readonly walDir: string;
  /** The db it opens: `db`, or a newer one from the leader that has not replaced it yet. */
  readonly dbFile: string;
  /** Index of the newest log entry whose effect is in the db. */
  readonly consistentIndex: number;
  /** The snapshot after which the log is read; undefined when it is read from its first entry. */
  readonly snapshot: RaftSnapshot | undefined;
  readonly log: LogSummary;
  /** Ids of the members that vote, ascending. */
  readonly voters: readonly bigint[];
  /** Damaged `.snap` files that etcd would skip. */
  readonly passedOver: readonly Damage[];
}

/**
 * Reads the raft state of a member directory, with the log in `wal` or, as with etcd's `--wal-dir`, in `walDir`, and checks that log, snapshot and db belong together: the log is whole,
 * the snapshot's db exists, and the log reaches at least as far as the db. Throws {@link Damage} when etcd could not start,
 * or would start without entries that the db has applied. Nothing is changed.
 */
export async function readStartState(
  memberDir: string,
  options: { readonly walDir?: string | undefined; readonly signal: AbortSignal },
): Promise<StartState> {
  const { signal, walDir = path.join(memberDir, 'wal') } = options;
  const snapDir = path.join(memberDir, 'snap');
  const whole = await readWholeLog({ directory: walDir, likelyAfter: await newestSnapIndex(snapDir), signal });
  const { snapshot, passedOver } = await chooseSnapshot(snapDir, whole.marks);
  const log = await whole.summaryAfter(snapshot?.index ?? 0);
  const { dbFile, consistentIndex } = await chooseDb(snapDir, snapshot);
  if (consistentIndex > log.lastIndex) {
    const reason = `it ends with entry ${log.lastIndex}, but the db has seen entry ${consistentIndex}`;
    throw new Damage({ file: walDir, offset: 0, reason });
  }
  return { walDir, dbFile, consistentIndex, snapshot, log, passedOver, voters: votersOf(snapshot, log, walDir) };
}

/** The voters of the snapshot, with the changes that the log holds. */
function votersOf(snapshot: RaftSnapshot | undefined, log: LogSummary, walDir: string): readonly bigint[] {
  const voters = new Set(snapshot?.confState.voters);
  for (const entry of log.confChanges) {
    const change = decodeChange(entry, walDir);
    if (change.kind === 'addNode') {
      voters.add(change.nodeId);
    } else if (change.kind === 'removeNode' || change.kind === 'addLearnerNode') {
      voters.delete(change.nodeId);
    }
  }
  return [...voters].sort((a, b) => (a < b ? -1 : Number(a > b)));
}

function decodeChange(entry: RaftEntry, walDir: string): ConfChange {
  try {
    return decodeConfChange(entry.data);
  } catch (error) {
    if (error instanceof MalformedMessage) {
      const reason = `entry ${entry.index} changes members, but cannot be read: ${error.message}`;
      throw new Damage({ file: walDir, offset: 0, reason, cause: error });
    }
    throw error;
  }
}

/**
 * A member that lags far gets a whole db from its leader, saved as `INDEX.snap.db`. When it stopped before this replaced
 * `db`, etcd replaces `db` at its next start. Source: etcd, server/storage/backend.go, RecoverSnapshotBackend.
 */
async function chooseDb(
  snapDir: string,
  snapshot: RaftSnapshot | undefined,
): Promise<{ readonly dbFile: string; readonly consistentIndex: number }> {
  const dbFile = path.join(snapDir, 'db');
  const consistentIndex = await readConsistentIndex(dbFile);
  if (snapshot === undefined || snapshot.index <= consistentIndex) {
    return { dbFile, consistentIndex };
  }
  const received = path.join(snapDir, formatSnapDbName(snapshot.index));
  if (!(await isFile(received))) {
    const reason = `it has seen entries up to ${consistentIndex}, the newest snapshot needs ${snapshot.index} and its own db is missing`;
    throw new Damage({ file: dbFile, offset: 0, reason });
  }
  return { dbFile: received, consistentIndex: await readConsistentIndex(received) };
}

/** `consistent_index` in the bucket `meta`, 8 bytes big-endian; a db to which nothing was applied has none. */
async function readConsistentIndex(file: string): Promise<number> {
  await using database = await Database.open(file);
  const meta = await database.bucket('meta');
  const value = await meta?.get(Buffer.from('consistent_index'));
  if (value === undefined) {
    return 0;
  }
  const index = value.length === 8 ? Number(Buffer.from(value).readBigUInt64BE()) : Number.NaN;
  if (!Number.isSafeInteger(index)) {
    const hex = Buffer.from(value).toString('hex');
    throw new Damage({ file, offset: 0, reason: `"consistent_index" in the bucket "meta" is ${hex}` });
  }
  return index;
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return false;
    }
    throw error;
  }
}
