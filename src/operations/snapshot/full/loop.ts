import { type CompactedFailure, EtcdFailure } from '../../../etcd/etcd-failure.ts';
import { type BackupMetrics, noMetrics } from '../../../metrics/backup-metrics.ts';
import { nextRevision, type Revision } from '../../../revision.ts';
import { SerialQueue } from '../../../runtime/async/serial-queue.ts';
import { Failure } from '../../../runtime/failure.ts';
import { rfc3339 } from '../../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { EventBuffer } from '../delta/event-buffer.ts';
import { eachFiring } from '../schedule.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import { refuseCorruptCluster, reportLearners } from './cluster-alarms.ts';
import { downloadDatabase } from './download.ts';
import { type FullSnapshotRequest, saveFullSnapshot } from './save.ts';

/** What a taker of fulls needs. */
export interface FullSnapshotLoopParts extends Omit<FullSnapshotRequest, 'final'> {
  readonly collector: EventBuffer;
  readonly chain: ChainState;
  readonly patience: StoreOutageRetry;
  /** 5-field cron. */
  readonly schedule: string;
  /** Aborts when the snapshotter is told to stop. */
  readonly stop: AbortSignal;
  readonly metrics?: BackupMetrics;
}

/** How a full is wanted. */
export interface FullSnapshotOptions {
  readonly final: boolean;
  /** Whether an etcd that cannot be reached is waited for. */
  readonly unreachable: 'fail' | 'wait';
}

/** How long an etcd that stands behind the backup may take to catch up, as after a restart, and how often it is asked, ms. */
const catchUpMs = 120_000;
const catchUpPauseMs = 1_000;
/** How often a database that is older than the backup all the same is taken again, and the pause before, ms. */
const staleTries = 3;
const stalePauseMs = 1_000;
/** Pauses before an etcd that could not be reached is asked again, ms. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/** Takes the fulls of a running snapshotter, one at a time, while deltas go on being written. */
export class FullSnapshotLoop {
  readonly #parts: FullSnapshotLoopParts;
  readonly #context: Omit<RunContext, 'signal'>;
  readonly #metrics: BackupMetrics;
  readonly #serial = new SerialQueue();
  /** The raft index before the last full was taken: while it stands there, another full would be the same. */
  #raftIndex: bigint | undefined;

  constructor(parts: FullSnapshotLoopParts, context: Omit<RunContext, 'signal'>) {
    this.#parts = parts;
    this.#context = context;
    this.#metrics = parts.metrics ?? noMetrics;
  }

  /** Takes a full whenever the schedule says so and something has changed, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    const onNext = (due: number): void => log.info(`Will take next full snapshot at time: ${rfc3339(due)}`);
    for await (const _ of eachFiring(this.#parts.schedule, { clock, signal, onNext })) {
      await this.#serial.run(async () => {
        log.info(`Taking scheduled snapshot for time: ${rfc3339(clock.now())}`);
        if ((await this.#currentRaftIndex(signal)) === this.#raftIndex) {
          log.info('There are no updates since last snapshot, skipping full snapshot.');
        } else {
          await this.#take({ final: false, unreachable: 'wait' }, signal);
        }
      });
    }
  }

  /** Takes a full now; a final one is not taken again while nothing has changed since. */
  take(wish: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    return this.#serial.run(async () => {
      const { clock, log } = this.#context;
      const last = this.#parts.chain.lastFull;
      if (wish.final && last?.isFinal === true) {
        const { revision } = await this.#parts.cluster.status({ signal });
        if (revision === last.lastRevision) {
          log.info('There are no updates since last final snapshot, skipping final full snapshot.');
          return last;
        }
      }
      log.info(`Taking full snapshot for time: ${rfc3339(clock.now())}`);
      return await this.#take(wish, signal);
    });
  }

  /** Takes a full from which a watch can go on after it failed so; a full that is just being taken may do. */
  takeAfter(compacted: CompactedFailure, signal: AbortSignal): Promise<Revision> {
    return this.#serial.run(async () => {
      const covered = this.#parts.chain.lastFull?.lastRevision;
      return covered !== undefined && nextRevision(covered) >= compacted.compactRevision
        ? covered
        : (await this.#take({ final: false, unreachable: 'wait' }, signal)).lastRevision;
    });
  }

  /** Undefined when etcd cannot be asked now. */
  async #currentRaftIndex(signal: AbortSignal): Promise<bigint | undefined> {
    try {
      return (await this.#parts.cluster.status({ signal })).raftIndex;
    } catch (error) {
      if (!isPassing(error)) {
        throw error;
      }
      return undefined;
    }
  }

  async #take(wish: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { clock, log } = this.#context;
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        const stored = await this.#onceReached(wish, signal);
        this.#metrics.snapshotTaken({ kind: 'Full', seconds: seconds(), outcome: 'succeeded' });
        return stored;
      } catch (error) {
        signal.throwIfAborted();
        this.#metrics.snapshotTaken({ kind: 'Full', seconds: seconds(), outcome: 'failed' });
        if (wish.unreachable === 'fail' || !isPassing(error)) {
          throw error;
        }
        log.warn({ error, waitMs }, `Trying the full snapshot again in ${waitMs / 1_000} s: ${error}`);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  async #onceReached({ final }: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { collector, chain } = this.#parts;
    await this.#untilCaughtUp(signal);
    try {
      for (let attempt = 1; ; attempt++) {
        collector.hold();
        const result = await this.#attempt(final ? 'final' : 'usual', signal);
        if (result.outcome === 'saved') {
          return result.snapshot;
        }
        await this.#refuseStale(result.lastRevision, attempt, signal);
      }
    } catch (error) {
      if (signal.aborted) {
        this.#context.log.warn('Abandoned the full snapshot that was being taken');
      }
      throw error;
    } finally {
      chain.withdrawFull();
      collector.endHold();
    }
  }

  async #attempt(
    purpose: 'usual' | 'final',
    signal: AbortSignal,
  ): Promise<
    | { readonly outcome: 'saved'; readonly snapshot: StoredSnapshot }
    | { readonly outcome: 'stale'; readonly lastRevision: Revision }
  > {
    const { cluster, collector, chain, patience, stop } = this.#parts;
    const context = { ...this.#context, signal };
    const { raftIndex } = await cluster.status({ signal });
    await refuseCorruptCluster(cluster, context);
    // Beside the work: a member that does not answer must not hold it up.
    void reportLearners(cluster, context);
    const openedAt = context.clock.now();
    const needed = chain.beginFull();
    await using database = await downloadDatabase(this.#parts, context);
    const { lastRevision } = database;
    // Deltas that were written since may reach beyond it, when more was changed than can be held back.
    if (lastRevision < needed || !chain.fits(lastRevision)) {
      // An unsound database may say anything of its revision.
      await database.checked;
      return { outcome: 'stale', lastRevision };
    }
    // A delta that reaches across the full's revision has to be younger than the full, or readers would distrust it.
    const cut = collector.cutAt(lastRevision);
    const seconds = Math.floor((cut === 'cut' ? context.clock.now() : openedAt) / 1000);
    const createdOn = chain.announceFull(lastRevision, seconds);
    const request = { ...this.#parts, final: purpose === 'final', database, createdOn };
    const { snapshot } = await patience.persist('save a full snapshot', () => saveFullSnapshot(request, context), {
      signal,
      stop,
    });
    // In one step: a delta that is written meanwhile must find both what waits and what is covered as the full leaves them.
    const thrownAway = collector.coveredTo(lastRevision);
    chain.stored(snapshot);
    await thrownAway;
    if (collector.size === 0) {
      this.#metrics.snapshotRequired('Full', 'not required');
      this.#metrics.snapshotRequired('Incr', 'not required');
    }
    this.#raftIndex = raftIndex;
    return { outcome: 'saved', snapshot };
  }

  /** A member that was just restarted answers before it has done all that its log holds: its database would be of no use. */
  async #untilCaughtUp(signal: AbortSignal): Promise<void> {
    const { cluster, chain } = this.#parts;
    const { clock, log } = this.#context;
    const startedAt = clock.monotonic();
    for (let asked = 1; ; asked++) {
      const { revision } = await cluster.status({ signal });
      if (revision >= chain.covered) {
        return;
      }
      if (clock.monotonic() - startedAt >= catchUpMs) {
        throw this.#behind(revision);
      }
      if (asked === 1) {
        log.warn(`etcd stands at revision ${revision}, the backup at ${chain.covered}: waiting for it to catch up`);
      }
      await clock.sleep(catchUpPauseMs, signal);
    }
  }

  #behind(lastRevision: Revision): Failure {
    const { cluster, chain } = this.#parts;
    return new Failure({
      code: 'snapshot_behind',
      action: 'take a full snapshot of',
      object: cluster.location,
      found: `its database ends at revision ${lastRevision}, but the backup already reaches ${chain.covered}`,
      remedy: 'if the cluster was put back to an older state, start again',
    });
  }

  /** A member that lags can send a database that ends before what was already written as deltas. */
  async #refuseStale(lastRevision: Revision, attempt: number, signal: AbortSignal): Promise<void> {
    const { chain } = this.#parts;
    const { clock, log } = this.#context;
    if (attempt === staleTries) {
      throw this.#behind(lastRevision);
    }
    log.warn(`The database ends at revision ${lastRevision}, the backup at ${chain.covered}: reading it again`);
    await clock.sleep(stalePauseMs, signal);
  }
}

/** Whether etcd may well work again in a while. */
function isPassing(error: unknown): boolean {
  return error instanceof EtcdFailure && (error.isTransient || error.code === 'etcd_snapshot_incomplete');
}
