import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { AppearanceOrder } from './appearance-order.ts';
import { ChainState } from './chain-state.ts';
import { ConcurrentWriters } from './concurrent-writers.ts';
import { EventBuffer } from './delta/event-buffer.ts';
import { LeaseTtls } from './delta/lease-ttls.ts';
import { RevisionWatermark } from './delta/revision-watermark.ts';
import { DeltaSpool } from './delta/spool.ts';
import { UploadLoop } from './delta/upload-loop.ts';
import { WatchTurns } from './delta/watch-turns.ts';
import type { SnapshotterListener } from './events.ts';
import { FullSnapshotLoop } from './full/loop.ts';
import { HistoryChanges } from './history/history-changes.ts';
import { HistoryGuard } from './history/history-guard.ts';
import { keptToLivingHistory } from './history/living-chain.ts';
import { StoredOrder } from './history/stored-order.ts';
import { RequiredSnapshots } from './required-snapshots.ts';
import type { SnapshotterRequest } from './snapshotter-request.ts';
import { StoreOutageRetry } from './store-outage.ts';
import { UsersState } from './users-state.ts';

/** The signals in the life of a run. */
export interface RunSignals {
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
  /** Aborts when the uploads of deltas have to end. */
  readonly uploads: AbortSignal;
  /** Aborts when the run is over. */
  readonly over: AbortSignal;
}

/** What the tasks of a run share. */
export interface RunParts {
  /** The store, with what this run saves counted as its own. */
  readonly store: SnapStore;
  readonly chain: ChainState;
  readonly required: RequiredSnapshots;
  readonly concurrentWriters: ConcurrentWriters;
  readonly appearances: AppearanceOrder;
  /** How far the watch has come. */
  readonly watermark: RevisionWatermark;
  readonly buffer: EventBuffer;
  readonly outageRetry: StoreOutageRetry;
  readonly users: UsersState;
  readonly uploadLoop: UploadLoop;
  readonly fullLoop: FullSnapshotLoop;
  readonly guard: HistoryGuard;
  readonly changes: HistoryChanges;
  /** Those of the watch. */
  readonly turns: WatchTurns;
}

/** Makes the parts of a run. Nothing is begun. */
export function createRunParts(
  request: SnapshotterRequest & { readonly listener: SnapshotterListener; readonly signals: RunSignals },
  context: Omit<RunContext, 'signal'>,
): RunParts {
  const { cluster, listener, signals, backoff } = request;
  const { clock, log } = context;
  const concurrentWriters = new ConcurrentWriters({ listener, log });
  const chain = new ChainState(listener);
  const store = keptToLivingHistory(concurrentWriters.watched(request.store), {
    chain: () => chain.newest,
    writtenFulls: () => chain.writtenFulls,
    isLeaving: () => changes.leaving !== undefined,
  });
  const required = new RequiredSnapshots(listener);
  const spool = new DeltaSpool({ directory: request.tempDir, limitBytes: request.deltaSpoolLimit, listener });
  const leases = new LeaseTtls(cluster, { signal: signals.over, clock, log });
  const buffer = new EventBuffer({ limitBytes: request.deltaMemoryLimit, clock, spool, leases });
  const outageRetry = new StoreOutageRetry(
    { location: store.location, maxOutageMs: request.maxStoreOutageMs, backoff, listener },
    { clock, log },
  );
  const users = new UsersState(cluster, log);
  const guard = new HistoryGuard({ store, cluster, tempDir: request.tempDir, contents: 'deltas' });
  const order = new StoredOrder({ store, chain, guard });
  const shared = { ...request, users, store, chain, order, required, buffer, outageRetry, ending: signals.ending };
  const uploadLoop = new UploadLoop(shared, { signal: signals.uploads, clock, log });
  const watermark = new RevisionWatermark();
  const turns = new WatchTurns();
  const changes = new HistoryChanges({ ...shared, guard, uploadLoop, watermark, turns });
  return {
    store,
    chain,
    required,
    concurrentWriters,
    appearances: new AppearanceOrder(),
    watermark,
    buffer,
    uploadLoop,
    fullLoop: new FullSnapshotLoop({ ...shared, changes, guard, uploadLoop }, context),
    outageRetry,
    users,
    guard,
    changes,
    turns,
  };
}
