import type { EtcdCluster } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { EventBuffer } from '../delta/event-buffer.ts';
import type { StoredOrder } from '../history/stored-order.ts';
import { packingNow, type RenewedPacking } from '../renewed-packing.ts';
import type { RequiredSnapshots } from '../required-snapshots.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import type { UsersState } from '../users-state.ts';
import { announceHistory } from './announce-history.ts';
import { refuseCorruptCluster, reportLearners } from './cluster-alarms.ts';
import { type DownloadedDatabase, type DownloadRequest, downloadDatabase } from './download.ts';
import { type FollowedHistory, leaveBrokenHistory } from './leave-broken-history.ts';
import { saveFullSnapshot } from './save.ts';
import type { UnchangedCluster } from './unchanged-cluster.ts';

/** What an attempt at a full works with. */
export interface FullSnapshotParts extends DownloadRequest, RenewedPacking, FollowedHistory {
  readonly store: SnapStore;
  readonly buffer: EventBuffer;
  readonly required: RequiredSnapshots;
  readonly outageRetry: StoreOutageRetry;
  readonly users: UsersState;
  readonly order: StoredOrder;
  readonly unchanged: UnchangedCluster;
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
}

/** What became of an attempt: `stale` is a database that ends before what a full must reach; nothing of it was stored. */
export type FullSnapshotAttempt =
  | { readonly outcome: 'saved'; readonly snapshot: StoredSnapshot }
  | { readonly outcome: 'stale'; readonly lastRevision: Revision };

/** Reads a member's database once, and stores it as a full while deltas go on being written. */
export async function attemptFullSnapshot(
  parts: FullSnapshotParts & { readonly final: boolean },
  context: RunContext,
): Promise<FullSnapshotAttempt> {
  const { cluster, users, chain, guard } = parts;
  const { signal, clock } = context;
  // Asked first: the question moves the raft index.
  const usersState = await users.ask(signal);
  const position = await cluster.status({ signal });
  guard.isOf(position.clusterId);
  await refuseCorruptCluster(cluster, context);
  // Not awaited: a member that does not answer must not hold up the work.
  void reportLearners(cluster, context);
  const packing = await packingNow(parts);
  const openedAt = clock.now();
  const begunAt = clock.monotonic();
  const known = guard.history.proof;
  const onOpened = (): void => void boundFull({ cluster, chain }, signal);
  await using database = await downloadDatabase({ ...parts, ...packing, reaching: chain.needed, onOpened }, context);
  const { lastRevision } = database;
  await leaveBrokenHistory(parts, context, { database, known });
  const createdOn = announcedTime(parts, lastRevision, { openedAt, now: () => clock.now() });
  if (createdOn === undefined) {
    // An unsound database may say anything of its revision.
    await database.checked;
    return { outcome: 'stale', lastRevision };
  }
  const snapshot = await storeFull({ ...parts, ...packing, database, createdOn, begunAt }, context);
  parts.unchanged.stored(position, lastRevision);
  users.stored(usersState, position);
  return { outcome: 'saved', snapshot };
}

/** Learns, once its stream is open, where the full ends at the latest. */
async function boundFull(
  { cluster, chain }: { readonly cluster: EtcdCluster; readonly chain: ChainState },
  signal: AbortSignal,
): Promise<void> {
  chain.openedFull(undefined);
  const position = await cluster.position({ signal }).catch(() => undefined);
  if (position !== undefined) {
    chain.openedFull(position.revision);
  }
}

/** The time in the name of the full, seconds since the epoch; undefined when it ends too early, or too late for the deltas after it. */
function announcedTime(
  { buffer, chain }: { readonly buffer: EventBuffer; readonly chain: ChainState },
  lastRevision: Revision,
  { openedAt, now }: { readonly openedAt: number; readonly now: () => number },
): number | undefined {
  if (lastRevision < chain.needed) {
    return undefined;
  }
  // A delta that reaches across the full's revision has to be younger than the full, or readers would distrust it.
  const createdAt = buffer.cutAt(lastRevision) === 'cut' ? now() : openedAt;
  return chain.announceFull(lastRevision, Math.floor(createdAt / 1000));
}

/** Stores the full, and lets what is buffered and what is followed go on from it. */
async function storeFull(
  full: FullSnapshotParts & {
    readonly final: boolean;
    readonly database: DownloadedDatabase;
    readonly createdOn: number;
    readonly begunAt: number;
  },
  context: RunContext,
): Promise<StoredSnapshot> {
  const { buffer, chain, outageRetry, ending, guard, changes, database, createdOn } = full;
  const { lastRevision } = database;
  await guard.storing(createdOn, database, context);
  const announced = await announceHistory(full, { broken: changes.leaving, announcer: changes }, context);
  const save = () => saveFullSnapshot(full, context);
  const { snapshot } = await outageRetry.persist('save a full snapshot', save, { signal: context.signal, ending });
  // In one step: a delta that is written meanwhile must find both what waits and what is covered as the full leaves them.
  const discarded = buffer.coverUpTo(lastRevision);
  chain.stored(snapshot);
  await discarded;
  await guard.stored(database);
  if (changes.leaving !== undefined) {
    await changes.begun(changes.leaving, { first: snapshot, database, announced }, context);
  }
  await full.order.stored(snapshot, context);
  if (!buffer.hasBeyond(lastRevision)) {
    full.required.covered('Full');
  }
  return snapshot;
}
