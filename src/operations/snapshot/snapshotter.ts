import { nextRevision, type Revision } from '../../revision.ts';
import { type GracePeriod, gracePeriodAfter } from '../../runtime/async/grace-period.ts';
import { runTaskGroup } from '../../runtime/async/task-group.ts';
import { Failure } from '../../runtime/failure.ts';
import { errorText } from '../../runtime/log/error-text.ts';
import { LeftUndone } from '../../runtime/process/left-undone.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { beginRun } from './begin-run.ts';
import { defragmentBySchedule } from './defragment.ts';
import { writeRequestedDelta } from './delta/requested-delta.ts';
import { longestJoinedBytes } from './delta/upload-loop.ts';
import { runWatchLoop } from './delta/watch-loop.ts';
import { listenerFor, type SnapshotterListener } from './events.ts';
import { HourlySummary } from './hourly-summary.ts';
import { maintainStore } from './maintain-store.ts';
import { createRunParts, type RunParts } from './run-parts.ts';
import { RunRequests } from './run-requests.ts';
import type { SnapshotterRequest } from './snapshotter-request.ts';
import type { StoredChain } from './stored-chain.ts';
import { undoneBy } from './undone.ts';
import { followUsers } from './users-state.ts';

export type { SnapshotterRequest };

/** Something that goes on until its signal aborts. */
type Task = (stop: AbortSignal) => Promise<void>;

/** How long uploads of deltas may go on when the end has begun where nothing else is asked for, ms; the process is given 10 s in all. */
const usualGracePeriodMs = 8_000;

/**
 * Takes full snapshots by the schedule, and in between writes every change of the cluster as deltas. One object is one run:
 *
 * 1. It begins with a full, or goes on from the chain in the store; a full that is due then is taken next to the deltas.
 * 2. Then, all at once: the watch loop fills the event buffer, the upload loop empties it into the store, fulls are taken,
 *    the store is maintained, members are defragmented, and requests are served. The first that fails ends the others.
 * 3. At its end, what is left in the buffer becomes the last delta.
 */
export class Snapshotter implements AsyncDisposable {
  readonly #request: SnapshotterRequest;
  readonly #context: RunContext;
  readonly #listener: SnapshotterListener;
  readonly #parts: RunParts;
  readonly #requests: RunRequests;
  readonly #stopping = new AbortController();
  /** Aborts when nothing more of this run may become visible. */
  readonly #abandoning = new AbortController();
  /** Aborts when the run begins to end, by a stop or by a failure, with the reason of what came first. */
  readonly #ending = new AbortController();
  readonly #grace: GracePeriod;
  readonly #over = new AbortController();
  readonly #summary = new HourlySummary();
  #running: Promise<void> | undefined;

  /** The context's signal ends the run, as {@link stop} does. */
  constructor(request: SnapshotterRequest, context: RunContext) {
    const log = context.log.child({ actor: 'snapshotter' });
    const signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    this.#context = { ...context, signal, log };
    this.#listener = listenerFor([...(request.listeners ?? []), this.#summary.listener], log);
    const end = (): void => this.#ending.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) {
      end();
    }
    const { gracePeriodMs = usualGracePeriodMs } = request;
    this.#grace = gracePeriodAfter(this.#ending.signal, { ms: gracePeriodMs, clock: context.clock });
    const uploads = AbortSignal.any([this.#grace.signal, this.#abandoning.signal]);
    const signals = { ending: this.#ending.signal, uploads, over: this.#over.signal };
    this.#parts = createRunParts({ ...request, listener: this.#listener, signals }, this.#context);
    this.#request = { ...request, store: this.#parts.store };
    this.#requests = new RunRequests(request.cluster.location);
  }

  /** Whether deltas are taken at all. */
  get takesDeltas(): boolean {
    return this.#request.deltaPeriodMs !== undefined;
  }

  /** The newest full in the store and the deltas that reach beyond it, as far as this run has stored or resumed them. */
  get newestChain(): StoredChain {
    return this.#parts.chain.newest;
  }

  /**
   * Runs until it is stopped (returns) or fails (throws); throws LeftUndone when it is stopped before all it has seen is stored. When it settles, nothing of this run can become visible in the store
   * any more.
   */
  run(): Promise<void> {
    this.#running ??= this.#runOnce();
    return this.#running;
  }

  /** Ends the run. Resolves when nothing of it can become visible in the store any more, also when the run has failed. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the snapshotter was stopped'));
    this.#requests.close(this.#stopping.signal.reason);
    await this.#running?.catch(() => undefined);
  }

  /**
   * Ends the run at once and leaves what is not stored, for a writer that another one replaces: uploads are aborted. That is no failure of
   * the run. Resolves as {@link stop}.
   */
  async abandon(reason: unknown): Promise<void> {
    this.#abandoning.abort(reason);
    await this.stop();
  }

  /**
   * Takes a full out of schedule, at once or when the one that is being taken is done. Throws a Failure `snapshotter_ended`
   * when the run is over or ends before the full is stored.
   */
  takeFull({ final }: { readonly final: boolean }): Promise<StoredSnapshot> {
    return this.#requests.take('take a full snapshot of', (signal) =>
      this.#parts.fullLoop.take({ final, unreachable: 'fail' }, signal),
    );
  }

  /**
   * Writes what is buffered as a delta, out of schedule: everything that etcd had accepted before the call is in the store then.
   * Returns the delta, or undefined when there was nothing to write. Throws a Failure `deltas_disabled`, `delta_incomplete` when etcd
   * has not sent all of it in time, or `snapshotter_ended` when the run is over.
   */
  async takeDelta(): Promise<StoredSnapshot | undefined> {
    const action = 'take a delta snapshot of';
    if (!this.takesDeltas) {
      throw new Failure({
        code: 'deltas_disabled',
        action,
        object: this.#request.cluster.location,
        found: 'deltas are turned off',
        remedy: 'give a --delta-snapshot-period of at least 1s',
      });
    }
    const { cluster } = this.#request;
    return await this.#requests.take(action, (signal) =>
      writeRequestedDelta({ ...this.#parts, cluster }, { ...this.#context, signal }),
    );
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #runOnce(): Promise<void> {
    const { signal } = this.#context;
    let failure: { readonly error: unknown } | undefined;
    try {
      const { covered, fullNow } = await beginRun(
        { request: this.#request, parts: this.#parts, ending: this.#ending.signal },
        this.#context,
      );
      this.#parts.watermark.reach(covered);
      this.#listener({ type: 'begun', covered });
      await runTaskGroup(this.#tasks(nextRevision(covered), fullNow), signal);
    } catch (error) {
      this.#ending.abort(error);
      failure = signal.aborted && error === signal.reason ? undefined : { error };
    }
    this.#requests.close(failure === undefined ? signal.reason : failure.error);
    const storesRest = this.takesDeltas && !this.#abandoning.signal.aborted && !isStoreTrouble(failure?.error);
    if (storesRest && this.newestChain.full !== undefined) {
      await this.#writeLastDelta();
    }
    this.#over.abort();
    this.#grace[Symbol.dispose]();
    await this.#clearBuffer();
    this.#reportEnd(failure);
  }

  #tasks(from: Revision, fullNow: string | undefined): readonly Task[] {
    const { deltaPeriodMs } = this.#request;
    const { uploadLoop } = this.#parts;
    const deltaTasks = (periodMs: number): readonly Task[] => [
      (stop) => this.#watch(from, stop),
      (stop) => uploadLoop.run(periodMs, stop),
      (stop) => this.#followUsers(periodMs, stop),
    ];
    return [
      (stop) => this.#followEnd(stop),
      ...(deltaPeriodMs === undefined ? [] : deltaTasks(deltaPeriodMs)),
      (stop) => this.#takeFulls(fullNow, stop),
      (stop) => this.#summary.run({ ...this.#parts, watches: this.takesDeltas }, { ...this.#context, signal: stop }),
      (stop) => this.#maintainStore(stop),
      (stop) => this.#defragment(stop),
      (stop) => this.#requests.serve(stop),
    ];
  }

  async #takeFulls(fullNow: string | undefined, stop: AbortSignal): Promise<void> {
    const { fullLoop } = this.#parts;
    if (fullNow !== undefined) {
      this.#context.log.info(`Taking a full snapshot at once, while deltas go on: ${fullNow}`);
      await fullLoop.take({ final: false, unreachable: 'wait' }, stop);
    }
    await fullLoop.run(stop);
  }

  /** Lets the grace period begin when the tasks are asked to stop or one of them fails. */
  async #followEnd(stop: AbortSignal): Promise<void> {
    const end = (): void => {
      this.#ending.abort(stop.reason);
      this.#parts.buffer.widen(longestJoinedBytes);
    };
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) {
      end();
    }
  }

  #watch(from: Revision, stop: AbortSignal): Promise<void> {
    const abandoned = this.#abandoning.signal;
    return runWatchLoop(from, { ...this.#parts, ...this.#context, cluster: this.#request.cluster, abandoned }, stop);
  }

  #maintainStore(stop: AbortSignal): Promise<void> {
    const { store, garbageCollection, cluster } = this.#request;
    const takeFull = () => this.#parts.fullLoop.take({ final: false, unreachable: 'wait' }, stop);
    return maintainStore(
      { ...this.#parts, store, garbageCollection, cluster, listener: this.#listener, takeFull },
      { ...this.#context, signal: stop },
    );
  }

  #followUsers(periodMs: number, stop: AbortSignal): Promise<void> {
    const takeFull = () => this.#parts.fullLoop.take({ final: false, unreachable: 'wait' }, stop);
    return followUsers(this.#parts.users, { periodMs, takeFull }, { ...this.#context, signal: stop });
  }

  async #defragment(stop: AbortSignal): Promise<void> {
    const { cluster, defragmentationSchedule: schedule } = this.#request;
    if (schedule === undefined) {
      return;
    }
    const afterwards = async (): Promise<void> => {
      await this.#parts.fullLoop.take({ final: false, unreachable: 'wait' }, stop);
    };
    const request = { cluster, schedule, listener: this.#listener, afterwards };
    await defragmentBySchedule(request, { ...this.#context, signal: stop });
  }

  async #writeLastDelta(): Promise<void> {
    const { log } = this.#context;
    try {
      log.info('Writing the buffered events before leaving');
      await this.#parts.uploadLoop.writeLast();
    } catch (error) {
      log.error({ error }, `Abandoned the events buffered since the last delta snapshot: ${errorText(error)}`);
    }
  }

  async #clearBuffer(): Promise<void> {
    try {
      await this.#parts.buffer.clear();
    } catch (error) {
      this.#context.log.warn({ error }, `Temporary files of the event buffer may be left: ${errorText(error)}`);
    }
  }

  /** Throws the failure that has ended the run, where it came before a stop, and LeftUndone when the end came too early. */
  #reportEnd(failure: { readonly error: unknown } | undefined): void {
    const { signal, log } = this.#context;
    const stoppedFirst = signal.aborted && this.#ending.signal.reason === signal.reason;
    const undone = this.#abandoning.signal.aborted
      ? undefined
      : undoneBy(this.#parts, { ...this.#request, takesDeltas: this.takesDeltas });
    if (failure !== undefined && !stoppedFirst) {
      const code = failure.error instanceof Failure ? failure.error.code : 'unexpected';
      if (undone !== undefined) {
        log.error(`Left undone: cannot ${undone.action} ${undone.object}: ${undone.found}`);
      }
      this.#listener({ type: 'ended', outcome: 'failed', code });
      throw failure.error;
    }
    if (failure !== undefined) {
      log.warn({ error: failure.error }, `Failed while stopping: ${failure.error}`);
    }
    log.info('Closing the snapshotter.');
    if (undone !== undefined) {
      this.#listener({ type: 'ended', outcome: 'failed', code: 'left_undone' });
      throw new LeftUndone({ ...undone, reason: signal.reason, cause: this.#parts.outageRetry.failure });
    }
    this.#listener({ type: 'ended', outcome: 'stopped' });
  }
}

/** Whether further writes would only fail as well. */
function isStoreTrouble(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof Failure && error.code === 'store_outage');
}
