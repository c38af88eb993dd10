import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ClusterBootstrap, planMembership } from '../datadir/membership/bootstrap.ts';
import { writeRaftState } from '../datadir/membership/raft-state.ts';
import type { Revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { applyDeltas } from './restore/apply-deltas.ts';
import { writeBase } from './restore/base.ts';
import { chooseDeltas, selectDeltas } from './restore/delta-choice.ts';
import { DeltaPipeline, worthThreads } from './restore/delta-pipeline.ts';
import { attribute, restoreFailure } from './restore/failures.ts';
import { RestoredDatabase } from './restore/restored-database.ts';
import { type Backup, type Selection, selectBackups } from './restore/selection.ts';
import { Staging } from './restore/staging.ts';
import type { RestoreTarget } from './restore/target.ts';

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
  /** The state to bring back; left out for the newest one. */
  readonly target?: RestoreTarget;
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
 * Builds a data directory from a chain of a store, without an etcd.
 *
 * The directory appears whole or not at all: it is built under another name on the same volume and renamed at the end.
 * After any failure neither it nor temporary files remain. Throws a {@link Failure}, or the signal's reason.
 */
export async function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'restorer' }) };
  try {
    return await restoreTarget(request, inner);
  } catch (error) {
    throw restoreFailure(error, { dataDir: request.dataDir, signal: context.signal });
  }
}

async function restoreTarget(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const { store, dataDir } = request;
  const bootstrap = planMembership(request.member);
  const selection = await selectBackups(store, request.target ?? {}, context);
  await using staging = await Staging.begin(dataDir);
  const restored = await buildDatabase({ request, selection, bootstrap, memberDir: staging.memberDir }, context);
  await writeRaftState(staging.memberDir, bootstrap, { signal: context.signal });
  context.signal.throwIfAborted();
  await staging.publish();
  context.log.info({ dataDir, revision: restored.revision }, `Restored ${dataDir} at revision ${restored.revision}`);
  return { dataDir, ...restored, memberId: bootstrap.self, clusterId: bootstrap.clusterId };
}

async function buildDatabase(
  work: {
    readonly request: RestoreRequest;
    readonly selection: Selection;
    readonly bootstrap: ClusterBootstrap;
    readonly memberDir: string;
  },
  context: RunContext,
): Promise<Pick<RestoreResult, 'revision' | 'snapshots' | 'eventsApplied' | 'dbSize'>> {
  const { request, selection, bootstrap } = work;
  const { until } = selection;
  const { log, signal } = context;
  const snapDir = path.join(work.memberDir, 'snap');
  await mkdir(snapDir, { mode: 0o700 });
  const file = path.join(snapDir, 'db');

  reportUnrecorded(selection, context);
  const [newest] = selection.backups;
  const { base: first, candidates } = newest;
  using bar = context.progress.start({ label: 'restore', unit: 'bytes', total: totalSize([first, ...candidates]) });
  const onRead = (bytes: number): void => bar.advance(bytes);
  // Mostly the base ends where its name says, so that many deltas can be on their way while it is written.
  const presumed = { covered: first.lastRevision, until };
  const ahead = chooseDeltas(newest, presumed).deltas;
  await using early = worthThreads(ahead)
    ? new DeltaPipeline({ ...request, deltas: ahead, after: presumed.covered, until, onFetched: onRead }, context)
    : undefined;
  const { backup, database: opened } = await openBase({ request, selection, file, onRead }, context);
  await using database = opened;
  const { base } = backup;

  const reach = { covered: database.baseRevision, until };
  const { deltas } = selectDeltas(backup, reach, { log, location: request.store.location });
  bar.expect(totalSize([base, ...deltas]));
  const after = database.baseRevision;
  const fitting = base === first && after === presumed.covered ? early : undefined;
  if (fitting === undefined) {
    await early?.[Symbol.asyncDispose]();
  }
  await using pipeline = fitting ?? new DeltaPipeline({ ...request, deltas, after, until, onFetched: onRead }, context);
  await attribute(base, () => database.checkBase({ signal }));
  const applied = await applyDeltas(database, { pipeline, until }, context);
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

/** Fetches and opens fulls until one does not reach beyond what is wanted; mostly the first. */
async function openBase(
  work: {
    readonly request: RestoreRequest;
    readonly selection: Selection;
    readonly file: string;
    readonly onRead: (bytes: number) => void;
  },
  context: RunContext,
): Promise<{ readonly backup: Backup; readonly database: RestoredDatabase }> {
  const { request, selection, file, onRead } = work;
  const { store, quotaBytes, skipHashCheck } = request;
  const { until = Number.MAX_SAFE_INTEGER } = selection;
  for (const backup of selection.backups) {
    const { base } = backup;
    context.log.info({ snapshot: base.name }, `Restoring from base snapshot: ${base.name}`);
    const database = await attribute(base, async () => {
      await writeBase({ store, base }, { file, skipHashCheck, onRead }, context);
      return await RestoredDatabase.open(file, { quotaBytes });
    });
    if (database.baseRevision <= until) {
      return { backup, database };
    }
    context.log.info(
      `${base.name} really ends at revision ${database.baseRevision}, beyond ${until}; trying an older full`,
    );
    await database[Symbol.asyncDispose]();
  }
  throw new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: store.location,
    found: `every full snapshot reaches beyond revision ${until}`,
    remedy: 'choose a later revision or time',
  });
}

function reportUnrecorded({ until, unrecorded }: Selection, { log }: RunContext): void {
  if (unrecorded !== undefined) {
    const { from, to } = unrecorded;
    log.warn(
      `When revisions ${from} to ${to} were made is not recorded, as their deltas are gone; the state of revision ${until} is restored`,
    );
  }
}

function totalSize(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((sum, snapshot) => sum + snapshot.size, 0);
}
