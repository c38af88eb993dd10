import { lstat, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type MembershipPlan, planMembership } from '../../datadir/membership/bootstrap.ts';
import { writeRaftState } from '../../datadir/membership/raft-state.ts';
import { RunLock } from '../../datadir/run-lock.ts';
import { makingEntry } from '../../fs/making-entry.ts';
import { VolumeSpace } from '../../fs/volume-space.ts';
import { clusterIdOfFull } from '../../objects/full-facts.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { clusterIdOfHistory } from './backed-up-cluster.ts';
import { type LaterSnapshots, laterSnapshots } from './later-snapshots.ts';
import type { RebuildSource } from './rebuild-database.ts';
import { rebuildSelected } from './rebuild-selected.ts';
import { refuseMisplacedDirectory } from './refuse-misplaced-directory.ts';
import { restoreFailure } from './restore-failure.ts';
import { restoredMark, writeRestoredMark } from './restored-mark.ts';
import { SeparateWal } from './separate-wal.ts';
import { settlePeerUrls } from './settle-peer-urls.ts';
import { Staging } from './staging.ts';
import type { RestoreTarget } from './target.ts';

/** What to restore and where to. */
export interface RestoreRequest extends RebuildSource {
  /** The state to bring back; left out for the newest one. */
  readonly target?: RestoreTarget;
  /** Must not contain `member`. Created with mode 0700. */
  readonly dataDir: string;
  /** Where the log goes, with an etcd that runs with `--wal-dir`; must not hold one. Left out for `member/wal`. */
  readonly walDir?: string | undefined;
  readonly member: MembershipPlan;
}

/** What is on disk now. */
export interface RestoreResult {
  readonly dataDir: string;
  readonly revision: Revision;
  /** Names of the objects used, base first. */
  readonly snapshots: readonly string[];
  readonly eventsApplied: number;
  /** Bytes of the new db. */
  readonly dbSize: number;
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** The id of the cluster that was backed up, where it is another one; left out where it is the same or not known. */
  readonly backupClusterId?: bigint;
  /** Number of the history it was restored from. */
  readonly history: number;
  /** What the store holds beyond the state that was asked for; left out when there is nothing, or the newest was. */
  readonly later?: LaterSnapshots;
}

/**
 * Builds a data directory from a chain of a store, without an etcd.
 *
 * The directory appears whole or not at all: it is built under another name on the same volume and renamed at the end. One run alone
 * works on it: a second one is refused. When root restores, the files belong to the owner of the directory.
 * After any failure neither it nor temporary files remain. Throws a {@link Failure}, or the signal's reason.
 */
export async function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'restorer' }) };
  const { store, dataDir, walDir } = request;
  try {
    const action = 'restore into';
    await refuseMisplacedDirectory({ store, directory: dataDir, flag: '--data-dir', action }, inner);
    if (walDir !== undefined) {
      await refuseMisplacedDirectory({ store, directory: walDir, flag: '--wal-dir', action }, inner);
    }
    await using lock = await RunLock.take(dataDir, inner, { action });
    await using wal = walDir === undefined ? undefined : await SeparateWal.open(walDir, { lock });
    if (await wal?.holdsLog()) {
      throw new Failure({
        code: 'data_dir_in_use',
        action: 'restore into',
        object: wal?.name ?? '',
        found: 'it already contains a log',
        remedy: 'move it away or choose another --wal-dir',
      });
    }
    return await restoreLocked(request, { lock, wal, aside: undefined }, inner);
  } catch (error) {
    throw restoreFailure(error, { action: 'restore into', dataDir: request.dataDir, signal: context.signal });
  }
}

/** Where a restore goes. */
export interface RestorePlace {
  readonly lock: RunLock;
  /** For the log, where it has a directory of its own. */
  readonly wal: SeparateWal | undefined;
  /** The name under which a log that is there is kept; undefined when there is none. */
  readonly aside: string | undefined;
}

/** {@link restore} for a run that has the lock of the data directory already. */
export async function restoreLocked(
  request: RestoreRequest,
  { lock, wal, aside }: RestorePlace,
  context: RunContext,
): Promise<RestoreResult> {
  const { dataDir } = request;
  await using staging = await Staging.begin(lock);
  const built = await buildMember(request, staging.memberDir, context);
  context.signal.throwIfAborted();
  await wal?.stage(staging.memberDir);
  if (aside !== undefined) {
    await wal?.setAside(aside);
  }
  try {
    await staging.publish();
  } catch (error) {
    const isThere = await lstat(path.join(lock.dataDir, 'member')).catch(() => undefined);
    if (isThere === undefined) {
      await wal?.discard();
    }
    throw error;
  }
  await wal?.publish(path.join(lock.dataDir, 'member'), context);
  context.log.info({ dataDir, revision: built.revision }, `Restored ${dataDir} at revision ${built.revision}`);
  return { dataDir, ...built };
}

/** Builds the `member` directory of a restore in `memberDir`, which exists and is empty. All files are durable when this resolves. */
export async function buildMember(
  request: Omit<RestoreRequest, 'dataDir'>,
  memberDir: string,
  context: RunContext,
): Promise<Omit<RestoreResult, 'dataDir'>> {
  const bootstrap = planMembership(await settlePeerUrls(request.member));
  const snapDir = path.join(memberDir, 'snap');
  await makingEntry(() => mkdir(snapDir, { mode: 0o700 }));
  const file = path.join(snapDir, 'db');
  const { target = {} } = request;
  const space = await VolumeSpace.in(snapDir);
  const abandoned = new AbortController();
  const signal = AbortSignal.any([context.signal, abandoned.signal]);
  const writing = () => writeRaftState(memberDir, bootstrap, { signal: context.signal });
  const raftState = space.writing(writing, async () => (await stat(file)).size);
  const rebuilding = rebuildSelected({ request, target, file, identity: bootstrap }, { ...context, signal });
  // Rejects with the first failure: an abandoned rebuild would only report the abort.
  const both = Promise.all([rebuilding, raftState]);
  raftState.catch(() => abandoned.abort());
  // Neither writes any more when this ends.
  await Promise.allSettled([rebuilding, raftState, both]);
  const [{ selection, rebuilt }] = await both;
  const { used, baseClusterId, ...restored } = rebuilt;
  const reached = revision(restored.revision - (request.bumpRevision ?? 0));
  const later = laterSnapshots(selection.history, reached);
  if (later !== undefined || selection.isOlder) {
    const mark = restoredMark({ reached, ...selection }, Math.floor(context.clock.now() / 1000));
    await writeRestoredMark(memberDir, mark);
  }
  const snapshots = used.map(({ name }) => name);
  const { number: history } = selection.history;
  // Members that were replaced or added have other ids than those that gave the cluster its own: what the full says goes first.
  const said = await clusterIdOfFull({ store: request.store, full: used[0] }, context);
  const before = said ?? clusterIdOfHistory(selection.history) ?? baseClusterId;
  const isOther = before !== undefined && before !== bootstrap.clusterId;
  const ids = {
    memberId: bootstrap.self,
    clusterId: bootstrap.clusterId,
    ...(isOther ? { backupClusterId: before } : {}),
  };
  return { ...restored, snapshots, ...ids, history, ...(later === undefined ? {} : { later }) };
}
