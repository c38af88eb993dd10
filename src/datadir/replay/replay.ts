import { MalformedMessage } from '../../protobuf/reader.ts';
import { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import type { RaftEntry } from '../raft/raft.ts';
import { decodeRaftRequest, type RaftRequest } from '../raft/raft-request.ts';
import { TransactionTooDeep } from '../raft/transaction-too-deep.ts';
import { openEntries } from '../wal/log.ts';
import { applyRequest } from './apply.ts';
import { loadState } from './load-state.ts';
import { ReadSet } from './read-set.ts';
import type { StartState } from './start-state.ts';
import type { ChangeSink } from './transaction.ts';
import type { VersionRules } from './version-rules.ts';

/** The state of an etcd that starts from these files, once it has applied its log. */
export interface ReplayResult {
  readonly revision: number;
  readonly compactRevision: number;
  /** Index of the last entry that was applied. */
  readonly appliedIndex: number;
  /** Whether a request depends on the etcd version, so that other {@link Replay.rules} may give another result. */
  readonly dependsOnVersion: boolean;
}

/** What to replay. */
export interface Replay {
  readonly start: StartState;
  /** Rules of the etcd version to follow. */
  readonly rules: VersionRules;
  /** Receives each change that the log adds to the db. Without it, less has to be read. */
  readonly onChange?: ChangeSink;
  readonly signal: AbortSignal;
}

/**
 * Applies the entries of the log that are not in the db yet, as etcd does at its start, without writing anything.
 *
 * Only committed entries count. The only voter of a cluster commits its whole log at the next start. In a larger cluster,
 * entries after the last known commit may still be overwritten, so they are left out.
 *
 * The log is read twice: first for its read set, then to apply it. Throws a `Damage`.
 */
export async function replay(request: Replay): Promise<ReplayResult> {
  const { start, signal, rules, onChange } = request;
  const appliedIndex = committedIndex(start);
  const directory = start.walDir;
  const entries = await openEntries({ directory, after: start.consistentIndex, upTo: appliedIndex, signal });
  const readSet = new ReadSet(onChange === undefined ? 'counted' : 'wanted');
  await entries.each((entry) => readSet.add(requestOf(entry, directory).operation));
  await using database = await Database.open(start.dbFile);
  const state = await loadState({ database, readSet, rules, signal });
  const sink = onChange ?? ((): void => {});
  let dependsOnVersion = state.auth.enabled;
  await entries.each((entry) => {
    const request = requestOf(entry, directory);
    applyRequest(state, request, sink);
    dependsOnVersion ||= state.auth.enabled || readsAtRevision(request);
  });
  return { revision: state.revision, compactRevision: state.compactRevision, appliedIndex, dependsOnVersion };
}

/** Without users, such a read is all that {@link VersionRules} decide about. */
function readsAtRevision({ operation }: RaftRequest): boolean {
  return (
    operation.kind === 'txn' &&
    [...operation.txn.success, ...operation.txn.failure].some(
      (step) => step.kind === 'range' && step.range.revision !== 0n,
    )
  );
}

/** Index of the last entry to apply. */
function committedIndex({ consistentIndex, log, voters }: StartState): number {
  const alone = voters.length === 1 && voters[0] === log.metadata.nodeId;
  return alone ? log.lastIndex : Math.max(log.state.commit, consistentIndex);
}

const NO_REQUEST: RaftRequest = { requester: { user: '', authRevision: 0n }, operation: { kind: 'nothing' } };

/** Changes of members, the empty entry of a new leader, and requests of the v2 API do not touch the v3 store. */
function requestOf(entry: RaftEntry, directory: string): RaftRequest {
  if (entry.kind !== 'normal' || entry.data.length === 0) {
    return NO_REQUEST;
  }
  try {
    return decodeRaftRequest(entry.data);
  } catch (error) {
    if (error instanceof MalformedMessage) {
      return NO_REQUEST;
    }
    if (error instanceof TransactionTooDeep) {
      const reason = `in entry ${entry.index} ${error.message}`;
      throw new Damage({ file: directory, offset: 0, reason, cause: error });
    }
    throw error;
  }
}
