import type { ClusterHistory } from '../../../etcd/cluster-history.ts';
import type { CompactedFailure, HistoryChangedFailure } from '../../../etcd/etcd-failure.ts';
import { nextRevision, type Revision } from '../../../revision.ts';
import { SerialQueue } from '../../../runtime/async/serial-queue.ts';
import { rfc3339 } from '../../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { eachFiring, type Schedule } from '../schedule.ts';
import { type FullSnapshotOptions, FullSnapshotTaker, type FullSnapshotTakerParts } from './taker.ts';
import { UnchangedCluster } from './unchanged-cluster.ts';

/** What the full snapshot loop works with. */
export interface FullSnapshotLoopParts extends Omit<FullSnapshotTakerParts, 'unchanged'> {
  readonly schedule: Schedule;
}

/** Takes the fulls of a running snapshotter, one at a time, while deltas go on being written. */
export class FullSnapshotLoop {
  readonly #parts: FullSnapshotLoopParts;
  readonly #context: Omit<RunContext, 'signal'>;
  readonly #queue = new SerialQueue();
  readonly #unchanged: UnchangedCluster;
  readonly #taker: FullSnapshotTaker;

  constructor(parts: FullSnapshotLoopParts, context: Omit<RunContext, 'signal'>) {
    this.#parts = parts;
    this.#context = context;
    this.#unchanged = new UnchangedCluster(parts);
    this.#taker = new FullSnapshotTaker({ ...parts, unchanged: this.#unchanged }, context);
  }

  /** Whether a full was begun and could not be finished because the run ended. */
  get hasAbandoned(): boolean {
    return this.#taker.hasAbandoned;
  }

  /** Takes a full whenever the schedule says so and something has changed, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { schedule, listener } = this.#parts;
    const { clock, log } = this.#context;
    let idle = false;
    const onNext = (at: number): void => {
      listener({ type: 'next run', task: 'full', at });
      // For an idle cluster this and the next lines would be logged at every time of the schedule.
      log[idle ? 'debug' : 'info'](`Will take next full snapshot at time: ${rfc3339(at)}`);
    };
    for await (const _ of eachFiring(schedule, { clock, signal, onNext })) {
      await this.#queue.run(async () => {
        const at = rfc3339(clock.now());
        idle = await this.#unchanged.isUnchanged({ ...this.#context, signal });
        if (idle) {
          log.debug(`There are no updates since last snapshot, skipping full snapshot for time: ${at}`);
        } else {
          log.info(`Taking scheduled snapshot for time: ${at}`);
          await this.#taker.take({ final: false, unreachable: 'wait' }, signal);
        }
      });
    }
  }

  /** Takes a full now; a final one is not taken again while nothing has changed since. */
  take(options: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    return this.#queue.run(async () => {
      const { clock, log } = this.#context;
      signal.throwIfAborted();
      const last = this.#parts.chain.newest.full;
      if (
        options.final &&
        last?.isFinal === true &&
        (await this.#unchanged.isUnchanged({ ...this.#context, signal }))
      ) {
        log.info('There are no updates since last final snapshot, skipping final full snapshot.');
        return last;
      }
      log.info(`Taking full snapshot for time: ${rfc3339(clock.now())}`);
      return await this.#taker.take(options, signal);
    });
  }

  /**
   * Takes a full after a watch from the revision `refused` failed by a compaction, unless the newest full leads beyond that revision
   * and covers the compacted one already.
   */
  takeAfter({ compactRevision }: CompactedFailure, refused: Revision, signal: AbortSignal): Promise<Revision> {
    return this.#queue.run(async () => {
      const covered = this.#parts.chain.newest.full?.lastRevision;
      return covered !== undefined && covered >= refused && nextRevision(covered) >= compactRevision
        ? covered
        : (await this.#taker.take({ final: false, unreachable: 'wait' }, signal)).lastRevision;
    });
  }

  /**
   * Takes a full after a watch found that etcd does not continue `history`, the one that it followed. The full begins a new
   * history, unless another one has begun it meanwhile, or nothing but a compaction is the reason.
   */
  takeAfterBreak(failure: HistoryChangedFailure, history: ClusterHistory, signal: AbortSignal): Promise<Revision> {
    const { chain, guard, changes } = this.#parts;
    return this.#queue.run(async () => {
      const full = chain.newest.full;
      if (guard.history !== history && changes.leaving === undefined && full !== undefined) {
        return full.lastRevision;
      }
      if (failure.change !== 'unproven' && changes.leaving === undefined) {
        const { change, found, differsAt } = failure;
        await changes.leave({ change, found, differsAt }, this.#context);
      }
      return (await this.#taker.take({ final: false, unreachable: 'wait' }, signal)).lastRevision;
    });
  }
}
