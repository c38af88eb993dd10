import { type BackupMetrics, noMetrics } from '../../metrics/backup-metrics.ts';
import { nextRevision, type Revision } from '../../revision.ts';
import { type GracePeriod, gracePeriodAfter } from '../../runtime/async/grace-period.ts';
import { runTaskGroup } from '../../runtime/async/task-group.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { ChainState } from './chain-state.ts';
import { ConcurrentWriters } from './concurrent-writers.ts';
import { defragmentBySchedule } from './defragment.ts';
import { EventBuffer } from './delta/event-buffer.ts';
import { LeaseTtls } from './delta/lease-ttls.ts';
import { RevisionWatermark } from './delta/revision-watermark.ts';
import { DeltaSpool } from './delta/spool.ts';
import { UploadLoop } from './delta/upload-loop.ts';
import { runWatchLoop } from './delta/watch-loop.ts';
import { FullSnapshotLoop } from './full/loop.ts';
import type { FullSnapshotRequest } from './full/save.ts';
import { maintainStore, type ScheduledGarbageCollection } from './maintain-store.ts';
import { decideStart } from './start-decision.ts';
import { StoreOutageRetry } from './store-outage.ts';

export { type FullSnapshotRequest, type FullSnapshotResult, takeFullSnapshot } from './full/save.ts';

/** What a running snapshotter needs. */
export interface SnapshotterRequest extends Omit<FullSnapshotRequest, 'final'> {
  /** Standard 5-field cron for fulls. */
  readonly schedule: string;
  /** Below 1000 disables deltas. */
  readonly deltaPeriodMs: number;
  /** Bytes of collected events that trigger a delta early. */
  readonly deltaMemoryLimit: number;
  /** Bytes of events that may wait in temporary files for a slow store. */
  readonly deltaSpoolLimit: number;
  /** How long the store may fail before the snapshotter does, ms. */
  readonly maxStoreOutageMs: number;
  /** With a full at once, or with deltas behind the backup there is where that is enough. */
  readonly start: 'full' | 'as needed';
  readonly collection: ScheduledGarbageCollection;
  /** Standard 5-field cron for defragmentation, which a full follows; undefined for none. */
  readonly defragmentationSchedule: string | undefined;
  readonly metrics?: BackupMetrics;
}

const shortestDeltaPeriodMs = 1_000;
/** How long deltas may still be written after the signal aborted, ms; the process is given 10 s in all. */
const leavingMs = 8_000;
/** How long a delta that is asked for waits for what etcd has accepted before, ms. */
const catchUpMs = 5_000;

/**
 * Takes full snapshots by the schedule, and in between writes every change of the cluster as deltas. One object is one
 * run; snapshots can be asked for meanwhile.
 */
export class Snapshotter implements Disposable {
  readonly #request: SnapshotterRequest;
  readonly #context: RunContext;
  readonly #metrics: BackupMetrics;
  readonly #chain: ChainState;
  readonly #collector: EventBuffer;
  readonly #deltas: UploadLoop;
  readonly #fulls: FullSnapshotLoop;
  readonly #others: ConcurrentWriters;
  readonly #mark = new RevisionWatermark();
  readonly #failed = new AbortController();
  readonly #grace: GracePeriod;
  /** Aborts when the run is over. */
  readonly #over = new AbortController();

  /** The context's signal ends the run: what was collected is written, and nothing is begun any more. */
  constructor(request: SnapshotterRequest, context: RunContext) {
    const { signal, clock } = context;
    const log = context.log.child({ actor: 'snapshotter' });
    const { metrics = noMetrics } = request;
    this.#context = { ...context, log };
    this.#metrics = metrics;
    this.#chain = new ChainState(metrics);
    this.#others = new ConcurrentWriters({ metrics, log });
    const store = this.#others.watched(request.store);
    this.#request = { ...request, store };
    this.#grace = gracePeriodAfter(AbortSignal.any([signal, this.#failed.signal]), { ms: leavingMs, clock });
    const spool = new DeltaSpool({ directory: request.tempDir, limitBytes: request.deltaSpoolLimit, metrics });
    const leases = new LeaseTtls(request.cluster, { signal: this.#over.signal, clock, log });
    this.#collector = new EventBuffer({ limitBytes: request.deltaMemoryLimit, clock, spool, leases });
    const patience = new StoreOutageRetry(
      { location: store.location, maxOutageMs: request.maxStoreOutageMs, metrics },
      { clock, log },
    );
    const shared = {
      ...this.#request,
      collector: this.#collector,
      chain: this.#chain,
      patience,
      stop: signal,
      metrics,
    };
    this.#deltas = new UploadLoop(
      { ...shared, periodMs: request.deltaPeriodMs },
      { signal: this.#grace.signal, clock, log },
    );
    this.#fulls = new FullSnapshotLoop(shared, { clock, log, progress: context.progress });
  }

  /** Whether deltas are taken at all. */
  get takesDeltas(): boolean {
    return this.#request.deltaPeriodMs >= shortestDeltaPeriodMs;
  }

  /** The newest full, once there is one. */
  get latestFull(): StoredSnapshot | undefined {
    return this.#chain.lastFull;
  }

  /**
   * Runs until the signal aborts (returns) or a snapshot fails (throws). Writes the delta collected so far before leaving.
   */
  async run(): Promise<void> {
    const { signal, log } = this.#context;
    let failure: { readonly error: unknown } | undefined;
    try {
      const from = nextRevision(await this.#begin());
      const tasks = [this.#takeFulls, this.#maintainStore, this.#defragment];
      const deltaTasks = [
        (stop: AbortSignal): Promise<void> => this.#collect(from, stop),
        (stop: AbortSignal): Promise<void> => this.#deltas.run(stop),
      ];
      await runTaskGroup([...(this.takesDeltas ? deltaTasks : []), ...tasks.map((task) => task.bind(this))], signal);
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) {
        failure = { error };
      }
      this.#failed.abort(error);
    }
    if (this.takesDeltas && this.#chain.lastFull !== undefined && !isStoreTrouble(failure?.error)) {
      await this.#writeBeforeLeaving();
    }
    this.#over.abort();
    await this.#collector.clear();
    if (failure !== undefined) {
      if (!signal.aborted) {
        this.#metrics.snapshotterFailed(failure.error instanceof Failure ? failure.error.code : 'internal');
        throw failure.error;
      }
      log.warn({ error: failure.error }, `Failed while stopping: ${failure.error}`);
    }
    log.info('Closing the snapshotter.');
  }

  /** Takes a full out of schedule, at once or when the one that is being taken is done. */
  async takeFull({ final }: { readonly final: boolean }): Promise<StoredSnapshot> {
    return await this.#fulls.take({ final, unreachable: 'fail' }, this.#context.signal);
  }

  /**
   * Writes what was collected as a delta, out of schedule: everything that etcd had accepted before the call is in the
   * store then. Returns the delta, or undefined when there was nothing to write. Throws a Failure `deltas_disabled`.
   */
  async takeDelta(): Promise<StoredSnapshot | undefined> {
    const { signal, clock } = this.#context;
    if (!this.takesDeltas) {
      throw new Failure({
        code: 'deltas_disabled',
        action: 'take a delta snapshot of',
        object: this.#request.cluster.location,
        found: 'deltas are turned off',
        remedy: 'give a --delta-snapshot-period of at least 1s',
      });
    }
    const { revision } = await this.#request.cluster.status({ signal });
    const over = new AbortController();
    const bounded = AbortSignal.any([signal, over.signal]);
    const caughtUp = this.#mark.reached(revision, bounded).catch(() => {});
    await Promise.race([caughtUp, clock.sleep(catchUpMs, bounded).catch(() => {})]);
    over.abort();
    return await this.#deltas.write();
  }

  [Symbol.dispose](): void {
    this.#grace[Symbol.dispose]();
  }

  /** Takes the first full, or finds out that it is not needed. Returns the revision up to which all is in the store. */
  async #begin(): Promise<Revision> {
    const { cluster, store, start, schedule } = this.#request;
    const { signal, clock, log } = this.#context;
    if (start === 'as needed') {
      const { snapshots } = await store.list({ signal });
      this.#others.compare(snapshots);
      const decision = decideStart({ listing: snapshots, schedule, now: clock.now() });
      if (decision.begin === 'deltas') {
        const covered = (decision.deltas.at(-1) ?? decision.base).lastRevision;
        const { revision } = await cluster.status({ signal });
        if (revision >= covered) {
          this.#chain.resume(decision.base, decision.deltas);
          this.#mark.reach(covered);
          log.info(`Going on behind the backup in the store, which reaches revision ${covered}`);
          return covered;
        }
        log.warn(`etcd stands at revision ${revision}, the backup reaches ${covered}: taking a full snapshot`);
      } else {
        log.info(`Taking a full snapshot first: ${decision.why}`);
      }
    }
    const { lastRevision } = await this.#fulls.take({ final: false, unreachable: 'fail' }, signal);
    this.#mark.reach(lastRevision);
    return lastRevision;
  }

  #collect(from: Revision, stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    const parts = {
      collector: this.#collector,
      deltas: this.#deltas,
      fulls: this.#fulls,
      mark: this.#mark,
      metrics: this.#metrics,
    };
    return runWatchLoop(from, { ...parts, cluster: this.#request.cluster, clock, log }, stop);
  }

  #takeFulls(stop: AbortSignal): Promise<void> {
    return this.#fulls.run(stop);
  }

  #maintainStore(stop: AbortSignal): Promise<void> {
    return maintainStore({ ...this.#request, others: this.#others }, { ...this.#context, signal: stop });
  }

  async #defragment(stop: AbortSignal): Promise<void> {
    const { cluster, defragmentationSchedule: schedule } = this.#request;
    if (schedule === undefined) {
      return;
    }
    const afterwards = async (): Promise<void> => {
      await this.#fulls.take({ final: false, unreachable: 'wait' }, stop);
    };
    await defragmentBySchedule(
      { cluster, schedule, metrics: this.#metrics, afterwards },
      { ...this.#context, signal: stop },
    );
  }

  async #writeBeforeLeaving(): Promise<void> {
    const { log } = this.#context;
    try {
      log.info('Writing the events collected so far before leaving');
      await this.#deltas.write();
    } catch (error) {
      log.error({ error }, `Abandoned the events collected since the last delta snapshot: ${error}`);
    }
  }
}

/** Runs a snapshotter to its end, see {@link Snapshotter.run}. */
export async function runSnapshotter(request: SnapshotterRequest, context: RunContext): Promise<void> {
  using snapshotter = new Snapshotter(request, context);
  await snapshotter.run();
}

/** Whether further writes would only fail as well. */
function isStoreTrouble(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof Failure && error.code === 'store_outage');
}
