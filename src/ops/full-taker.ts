import type { CompactedFailure } from '../etcd/etcd-failure.ts';
import { nextRevision, type Revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import { rfc3339 } from '../runtime/rfc3339.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { Serial } from '../runtime/serial.ts';
import type { BackupChain } from './backup-chain.ts';
import { downloadDatabase } from './database-download.ts';
import type { DeltaCollector } from './delta-collector.ts';
import { type FullSnapshotRequest, saveFullSnapshot } from './full-snapshot.ts';
import { nextFiring, sleepUntil } from './schedule.ts';

/** What a taker of fulls needs. */
export interface FullTakerParts extends Omit<FullSnapshotRequest, 'final'> {
  readonly collector: DeltaCollector;
  readonly chain: BackupChain;
  /** 5-field cron. */
  readonly schedule: string;
}

/** How often a database that is older than the backup is taken again, and the pause before, ms. */
const staleTries = 3;
const stalePauseMs = 1_000;

/** Takes the fulls of a running snapshotter, one at a time, while deltas go on being written. */
export class FullTaker {
  readonly #parts: FullTakerParts;
  readonly #context: Omit<RunContext, 'signal'>;
  readonly #serial = new Serial();
  /** The raft index before the last full was taken: while it stands there, another full would be the same. */
  #raftIndex: bigint | undefined;

  constructor(parts: FullTakerParts, context: Omit<RunContext, 'signal'>) {
    this.#parts = parts;
    this.#context = context;
  }

  /** Takes a full whenever the schedule says so and something has changed, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    for (;;) {
      const due = nextFiring(this.#parts.schedule, clock.now());
      log.info(`Will take next full snapshot at time: ${rfc3339(due)}`);
      await sleepUntil(due, clock, signal);
      await this.#serial.run(async () => {
        log.info(`Taking scheduled snapshot for time: ${rfc3339(clock.now())}`);
        const { raftIndex } = await this.#parts.cluster.status({ signal });
        if (raftIndex === this.#raftIndex) {
          log.info('There are no updates since last snapshot, skipping full snapshot.');
        } else {
          await this.#take(signal);
        }
      });
    }
  }

  /** Takes a full now. Returns its last revision. */
  take(signal: AbortSignal): Promise<Revision> {
    return this.#serial.run(() => {
      const { clock, log } = this.#context;
      log.info(`Taking full snapshot for time: ${rfc3339(clock.now())}`);
      return this.#take(signal);
    });
  }

  /** Takes a full from which a watch can go on after it failed so; a full that is just being taken may do. */
  takeAfter(compacted: CompactedFailure, signal: AbortSignal): Promise<Revision> {
    return this.#serial.run(async () => {
      const covered = this.#parts.chain.lastFull?.lastRevision;
      return covered !== undefined && nextRevision(covered) >= compacted.compactRevision
        ? covered
        : await this.#take(signal);
    });
  }

  async #take(signal: AbortSignal): Promise<Revision> {
    const { collector, chain } = this.#parts;
    collector.hold();
    try {
      for (let attempt = 1; ; attempt++) {
        const result = await this.#attempt(signal);
        if (result.outcome === 'saved') {
          return result.lastRevision;
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
    signal: AbortSignal,
  ): Promise<{ readonly outcome: 'saved' | 'stale'; readonly lastRevision: Revision }> {
    const { cluster, collector, chain } = this.#parts;
    const context = { ...this.#context, signal };
    const { raftIndex } = await cluster.status({ signal });
    const openedAt = context.clock.now();
    await using database = await downloadDatabase(this.#parts, context);
    const { lastRevision } = database;
    if (lastRevision < chain.covered) {
      return { outcome: 'stale', lastRevision };
    }
    // A delta that reaches across the full's revision has to be younger than the full, or readers would distrust it.
    const cut = collector.cutAt(lastRevision);
    const seconds = Math.floor((cut === 'cut' ? context.clock.now() : openedAt) / 1000);
    const createdOn = chain.announceFull(lastRevision, seconds);
    const { snapshot } = await saveFullSnapshot({ ...this.#parts, final: false, database, createdOn }, context);
    collector.coveredTo(lastRevision);
    chain.stored(snapshot);
    this.#raftIndex = raftIndex;
    return { outcome: 'saved', lastRevision };
  }

  /** A member that lags can send a database that ends before what was already written as deltas. */
  async #refuseStale(lastRevision: Revision, attempt: number, signal: AbortSignal): Promise<void> {
    const { cluster, chain } = this.#parts;
    const { clock, log } = this.#context;
    if (attempt === staleTries) {
      throw new Failure({
        code: 'snapshot_behind',
        action: 'take a full snapshot of',
        object: cluster.location,
        found: `its database ends at revision ${lastRevision}, but the backup already reaches ${chain.covered}`,
        remedy: 'if the cluster was put back to an older state, start again',
      });
    }
    log.warn(`The database ends at revision ${lastRevision}, the backup at ${chain.covered}: reading it again`);
    await clock.sleep(stalePauseMs, signal);
  }
}
