import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ClusterBootstrap, planMembership } from '../datadir/membership/bootstrap.ts';
import { writeRaftState } from '../datadir/membership/raft-state.ts';
import type { Revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { applyDeltas } from './restore/apply-deltas.ts';
import { writeBase } from './restore/base.ts';
import { DeltaPipeline } from './restore/delta-pipeline.ts';
import { attribute, restoreFailure } from './restore/failures.ts';
import { RestoredDatabase } from './restore/restored-database.ts';
import { type Backup, selectBackup, selectDeltas } from './restore/selection.ts';
import { Staging } from './restore/staging.ts';

/** Who the restored member is, in the words of etcd's own flags. */
export interface MemberPlan {
  readonly name: string;
  /** `name=url,name=url`, a name may repeat. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: readonly string[];
}

/** What to restore and where to. */
export interface RestoreRequest {
  readonly store: SnapStore;
  /** Must not contain `member`. Created with mode 0700. */
  readonly dataDir: string;
  readonly member: MemberPlan;
  /** Accepts a base whose trailing hash is wrong or missing. Deltas are always checked. */
  readonly skipHashCheck: boolean;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /** Where temporary files go; made and removed. */
  readonly tempDir: string;
  /** A larger restored db is refused, bytes. */
  readonly quotaBytes: number;
}

/** What stands on disk now. */
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
}

/**
 * Builds a data directory from the newest chain of a store, without an etcd.
 *
 * The directory appears whole or not at all: it is built under another name on the same volume and renamed at the end.
 * After any failure neither it nor temporary files remain. Throws a {@link Failure}, or the signal's reason.
 */
export async function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'restorer' }) };
  try {
    return await restoreNewest(request, inner);
  } catch (error) {
    throw restoreFailure(error, { dataDir: request.dataDir, signal: context.signal });
  }
}

async function restoreNewest(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const { store, dataDir } = request;
  const bootstrap = planMembership(request.member);
  const backup = await selectBackup(store, context);
  await using staging = await Staging.begin(dataDir);
  const restored = await buildDatabase({ request, backup, bootstrap, memberDir: staging.memberDir }, context);
  await writeRaftState(staging.memberDir, bootstrap, { signal: context.signal });
  context.signal.throwIfAborted();
  await staging.publish();
  context.log.info({ dataDir, revision: restored.revision }, `Restored ${dataDir} at revision ${restored.revision}`);
  return { dataDir, ...restored, memberId: bootstrap.self, clusterId: bootstrap.clusterId };
}

async function buildDatabase(
  work: {
    readonly request: RestoreRequest;
    readonly backup: Backup;
    readonly bootstrap: ClusterBootstrap;
    readonly memberDir: string;
  },
  context: RunContext,
): Promise<Pick<RestoreResult, 'revision' | 'snapshots' | 'eventsApplied' | 'dbSize'>> {
  const { request, backup, bootstrap } = work;
  const { store, quotaBytes, skipHashCheck } = request;
  const { base, candidates } = backup;
  const { log, signal } = context;
  const snapDir = path.join(work.memberDir, 'snap');
  await mkdir(snapDir, { mode: 0o700 });
  const file = path.join(snapDir, 'db');

  log.info({ snapshot: base.name }, `Restoring from base snapshot: ${base.name}`);
  using bar = context.progress.start({ label: 'restore', unit: 'bytes', total: totalSize([base, ...candidates]) });
  const onRead = (bytes: number): void => bar.advance(bytes);
  await using database = await attribute(base, async () => {
    await writeBase({ store, base }, { file, skipHashCheck, onRead }, context);
    return await RestoredDatabase.open(file, { quotaBytes });
  });

  const deltas = selectDeltas(backup, database.baseRevision, { log, location: store.location });
  bar.expect(totalSize([base, ...deltas]));
  const after = database.baseRevision;
  await using pipeline = new DeltaPipeline({ ...request, deltas, after, onFetched: onRead }, context);
  // The deltas are on their way while the base is looked through.
  await attribute(base, () => database.checkBase({ signal }));
  const applied = await applyDeltas(database, pipeline, context);
  const granted = await database.addLeases(applied.leases, { signal });
  if (granted > 0) {
    log.info({ leases: granted }, `Leases granted after the base snapshot begin anew: ${granted}`);
  }
  await database.finish(bootstrap, { signal });
  return {
    revision: applied.revision,
    snapshots: [base.name, ...deltas.map((delta) => delta.name)],
    eventsApplied: applied.events,
    dbSize: database.size,
  };
}

function totalSize(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((sum, snapshot) => sum + snapshot.size, 0);
}
