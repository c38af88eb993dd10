import type { MemberStatus } from '../../../etcd/cluster.ts';
import type { ClusterHistory } from '../../../etcd/cluster-history.ts';
import { type CompactedFailure, EtcdFailure, type HistoryChangedFailure } from '../../../etcd/etcd-failure.ts';
import { nextRevision, type Revision, revision } from '../../../revision.ts';
import { Backoff, type BackoffPolicy } from '../../../runtime/async/backoff.ts';
import { SerialQueue } from '../../../runtime/async/serial-queue.ts';
import { rfc3339 } from '../../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { HistoryMarker } from '../../../snapshot/history/history-marker.ts';
import type { RevisionProof } from '../../../snapshot/history/revision-proof.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { EventBuffer } from '../delta/event-buffer.ts';
import type { UploadLoop } from '../delta/upload-loop.ts';
import type { SnapshotterListener } from '../events.ts';
import type { HistoryChanges } from '../history/history-changes.ts';
import type { HistoryGuard } from '../history/history-guard.ts';
import type { StoredOrder } from '../history/stored-order.ts';
import type { RequiredSnapshots } from '../required-snapshots.ts';
import { eachFiring, type Schedule } from '../schedule.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import type { UsersState } from '../users-state.ts';
import { type CatchUp, furthest, laggingFailure, leastAccepted, neededOf, untilCaughtUp } from './catch-up.ts';
import { refuseCorruptCluster, reportLearners } from './cluster-alarms.ts';
import { type DownloadedDatabase, type DownloadRequest, downloadDatabase } from './download.ts';
import { fullOf, saveFullSnapshot } from './save.ts';

/** What the full snapshot loop works with. */
export interface FullSnapshotLoopParts extends DownloadRequest {
  readonly store: SnapStore;
  readonly buffer: EventBuffer;
  readonly chain: ChainState;
  readonly required: RequiredSnapshots;
  readonly outageRetry: StoreOutageRetry;
  readonly users: UsersState;
  readonly guard: HistoryGuard;
  readonly changes: HistoryChanges;
  readonly order: StoredOrder;
  readonly uploadLoop: UploadLoop;
  /** Waits between tries of an etcd that cannot be reached. */
  readonly backoff: BackoffPolicy;
  readonly schedule: Schedule;
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
  readonly listener: SnapshotterListener;
}

/** Options of a full. */
export interface FullSnapshotOptions {
  readonly final: boolean;
  /** Whether to wait for an etcd that cannot be reached. */
  readonly unreachable: 'fail' | 'wait';
}

/** A database that was read, and what was known before. */
interface ReadFull {
  readonly database: DownloadedDatabase;
  readonly known: RevisionProof | undefined;
}

/** How often a database that nevertheless ends below the chain is read, and the pause between, ms. */
const staleTries = 3;
const stalePauseMs = 1_000;

/** Takes the fulls of a running snapshotter, one at a time, while deltas go on being written. */
export class FullSnapshotLoop {
  readonly #parts: FullSnapshotLoopParts;
  readonly #context: Omit<RunContext, 'signal'>;
  readonly #queue = new SerialQueue();
  /** Where etcd was before the last full was taken: while it does not move, another full would be the same. */
  #takenAt: string | undefined;
  #abandoned = false;

  constructor(parts: FullSnapshotLoopParts, context: Omit<RunContext, 'signal'>) {
    this.#parts = parts;
    this.#context = context;
  }

  /** Whether a full was begun and could not be finished because the run ended. */
  get hasAbandoned(): boolean {
    return this.#abandoned;
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
        idle = await this.#isUnchanged(signal);
        if (idle) {
          log.debug(`There are no updates since last snapshot, skipping full snapshot for time: ${at}`);
        } else {
          log.info(`Taking scheduled snapshot for time: ${at}`);
          await this.#take({ final: false, unreachable: 'wait' }, signal);
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
      if (options.final && last?.isFinal === true && (await this.#isUnchanged(signal))) {
        log.info('There are no updates since last final snapshot, skipping final full snapshot.');
        return last;
      }
      log.info(`Taking full snapshot for time: ${rfc3339(clock.now())}`);
      return await this.#take(options, signal);
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
        : (await this.#take({ final: false, unreachable: 'wait' }, signal)).lastRevision;
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
      return (await this.#take({ final: false, unreachable: 'wait' }, signal)).lastRevision;
    });
  }

  /** Whether nothing has changed since the last full: also not where a quorum is further than the member that shows it. */
  async #isUnchanged(signal: AbortSignal): Promise<boolean> {
    const { cluster, guard } = this.#parts;
    try {
      await guard.askQuorum({ ...this.#context, signal });
      const status = await cluster.status({ signal, reaching: guard.accepted });
      return status.revision >= guard.accepted && stateOf(status) === this.#takenAt;
    } catch (error) {
      if (!isPassing(error)) {
        throw error;
      }
      return false;
    }
  }

  async #take(options: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { backoff: policy, listener } = this.#parts;
    const { clock, log } = this.#context;
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    const backoff = new Backoff(policy);
    for (;;) {
      try {
        const stored = await this.#takeFromReachable(options, signal);
        listener({ type: 'snapshot taken', kind: 'Full', seconds: seconds() });
        return stored;
      } catch (error) {
        signal.throwIfAborted();
        listener({ type: 'snapshot failed', kind: 'Full', seconds: seconds(), error });
        if (options.unreachable === 'fail' || !isPassing(error)) {
          throw error;
        }
        const waitMs = backoff.nextMs();
        log.warn({ error, waitMs }, `Trying the full snapshot again in ${waitMs / 1_000} s: ${error}`);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  async #takeFromReachable({ final }: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { buffer, chain, changes, guard } = this.#parts;
    const context = { ...this.#context, signal };
    try {
      let accepted = revision(0);
      for (let attempt = 1; ; attempt++) {
        await (changes.leaving === undefined ? this.#leaveIfBroken(signal) : guard.askQuorum(context));
        // What is accepted after the first attempt need not be in it: a member that is always a little late would never have it.
        accepted = leastAccepted(accepted, guard.accepted);
        const catchUp = this.#catchUp(accepted);
        await untilCaughtUp(catchUp, context);
        chain.beginFull(neededOf(catchUp));
        this.#endChain();
        buffer.hold();
        const result = await this.#attempt({ final }, signal);
        if (result.outcome === 'saved') {
          return result.snapshot;
        }
        await this.#refuseStale(result.lastRevision, catchUp, { attempt, signal });
      }
    } catch (error) {
      if (signal.aborted) {
        this.#abandoned = true;
        this.#context.log.warn('Abandoned the full snapshot that was being taken');
      }
      throw error;
    } finally {
      chain.withdrawFull();
      buffer.endHold();
    }
  }

  /** What a full must reach: all that is stored, also by others before, and all that etcd has acknowledged to clients. */
  #catchUp(accepted: Revision): CatchUp {
    const { cluster, chain, guard } = this.#parts;
    return { cluster, stored: revision(Math.max(chain.covered, guard.reach)), accepted };
  }

  /** Lets what is buffered be the end of the chain before, so that the full continues it without a gap. Not waited for. */
  #endChain(): void {
    const { buffer, uploadLoop, chain } = this.#parts;
    if (buffer.size > 0 && chain.newest.full !== undefined) {
      buffer.close();
      // A delta that is lost ends the run by itself.
      uploadLoop.write().catch(() => undefined);
    }
  }

  /** Learns, once its stream is open, where the full ends at the latest. */
  async #boundFull(signal: AbortSignal): Promise<void> {
    const { cluster, chain } = this.#parts;
    chain.openedFull(undefined);
    const position = await cluster.position({ signal }).catch(() => undefined);
    if (position !== undefined) {
      chain.openedFull(position.revision);
    }
  }

  async #attempt(
    { final }: { readonly final: boolean },
    signal: AbortSignal,
  ): Promise<
    | { readonly outcome: 'saved'; readonly snapshot: StoredSnapshot }
    | { readonly outcome: 'stale'; readonly lastRevision: Revision }
  > {
    const { cluster, users, buffer, chain, outageRetry, ending, guard, changes } = this.#parts;
    const context = { ...this.#context, signal };
    // Asked first: the question moves the raft index.
    const usersState = await users.ask(signal);
    const position = await cluster.status({ signal });
    guard.isOf(position.clusterId);
    await refuseCorruptCluster(cluster, context);
    // Not awaited: a member that does not answer must not hold up the work.
    void reportLearners(cluster, context);
    const openedAt = context.clock.now();
    const begunAt = context.clock.monotonic();
    const known = guard.history.proof;
    const onOpened = (): void => void this.#boundFull(signal);
    await using database = await downloadDatabase({ ...this.#parts, reaching: chain.needed, onOpened }, context);
    const { lastRevision } = database;
    await this.#leaveIfBroken(signal, { database, known });
    // A delta that reaches across the full's revision has to be younger than the full, or readers would distrust it.
    const cut = lastRevision < chain.needed ? 'too late' : buffer.cutAt(lastRevision);
    const seconds = Math.floor((cut === 'cut' ? context.clock.now() : openedAt) / 1000);
    const createdOn = lastRevision < chain.needed ? undefined : chain.announceFull(lastRevision, seconds);
    if (createdOn === undefined) {
      // An unsound database may say anything of its revision.
      await database.checked;
      return { outcome: 'stale', lastRevision };
    }
    await guard.storing(createdOn, database, context);
    const full = { ...this.#parts, final, database, createdOn, begunAt };
    const announced = await this.#announceHistory({ first: fullOf(full), database }, context);
    const save = () => saveFullSnapshot(full, context);
    const { snapshot } = await outageRetry.persist('save a full snapshot', save, { signal, ending });
    // In one step: a delta that is written meanwhile must find both what waits and what is covered as the full leaves them.
    const discarded = buffer.coverUpTo(lastRevision);
    chain.stored(snapshot);
    await discarded;
    await guard.stored(database);
    if (changes.leaving !== undefined) {
      await changes.begun(changes.leaving, { first: snapshot, database, announced }, context);
    }
    await this.#parts.order.stored(snapshot, context);
    if (!buffer.hasBeyond(lastRevision)) {
      this.#parts.required.covered('Full');
    }
    // The member that was read may lack what another one showed: the next full must not be left out.
    this.#takenAt = lastRevision < position.revision ? undefined : stateOf(position);
    users.stored(usersState, position);
    return { outcome: 'saved', snapshot };
  }

  /** Leaves the history that was followed when a quorum or the database that was `read` shows another one. */
  async #leaveIfBroken(signal: AbortSignal, read?: ReadFull): Promise<void> {
    const { chain, guard, changes } = this.#parts;
    if (changes.leaving !== undefined) {
      return;
    }
    const context = { ...this.#context, signal };
    // A database that ends below what is known may be that of a member that lags: only a quorum can show that it is not.
    const tells = read !== undefined && read.database.lastRevision >= Math.max(chain.needed, read.known?.revision ?? 0);
    const broken = tells
      ? await guard.breakIn(read.database, read.known, context)
      : await guard.breakNow(chain.covered, context);
    if (broken !== undefined) {
      // An unsound database may say anything of its history.
      await read?.database.checked;
      await changes.leave(broken, context);
    }
  }

  /** Undefined where no new history begins, or nothing is there that it would have to be told apart from. */
  async #announceHistory(
    { first, database }: { readonly first: Snapshot; readonly database: DownloadedDatabase },
    context: RunContext,
  ): Promise<HistoryMarker | undefined> {
    const { changes } = this.#parts;
    if (changes.leaving === undefined) {
      return undefined;
    }
    // An unsound database may say anything of its history.
    await database.checked;
    return await changes.announce(changes.leaving, { first, database }, context);
  }

  /** A member that lags can send a database that ends before what was already written as deltas. */
  async #refuseStale(
    lastRevision: Revision,
    catchUp: CatchUp,
    { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, log } = this.#context;
    const now = { ...catchUp, stored: revision(Math.max(catchUp.stored, this.#parts.chain.covered)) };
    if (attempt === staleTries) {
      throw laggingFailure(now, lastRevision);
    }
    log.warn(`The database ends at revision ${lastRevision}, ${furthest(now)} at ${neededOf(now)}: reading it again`);
    await clock.sleep(stalePauseMs, signal);
  }
}

/** Everything that moves with a change: the raft index alone may be the same in another cluster. */
function stateOf({ clusterId, raftTerm, raftIndex, revision }: MemberStatus): string {
  return [clusterId, raftTerm, raftIndex, revision].join(' ');
}

/** Whether etcd may well work again in a while. */
function isPassing(error: unknown): boolean {
  return error instanceof EtcdFailure && (error.isTransient || error.code === 'etcd_snapshot_incomplete');
}
