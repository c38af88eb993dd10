import { EtcdFailure } from '../etcd/etcd-failure.ts';
import { listenerFor, type SnapshotterListener } from '../operations/snapshot/events.ts';
import { Snapshotter, type SnapshotterRequest } from '../operations/snapshot/snapshotter.ts';
import type { ArmedBackoff } from '../runtime/async/armed-backoff.ts';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import { Failure } from '../runtime/failure.ts';
import { LeftUndone } from '../runtime/process/left-undone.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { restorable } from '../snapshot/chain.ts';
import { historiesOf } from '../snapshot/history/histories.ts';
import type { CallOptions } from '../snapstore/bucket.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { CoalescedRequests } from './coalesced-requests.ts';
import { guardedStore, type StorePermissions } from './guarded-store.ts';
import type { LatestSnapshots, ListedBackups, SnapshotTaker } from './sidecar.ts';
import type { SidecarConnection } from './sidecar-connection.ts';
import { untilStoreReturns } from './until-store-returns.ts';

/** What is asked of the snapshotter of every lead. */
export type LeaderSnapshotterRequest = Omit<SnapshotterRequest, 'cluster' | 'store' | 'start'>;

/** A snapshotter that was active for so long has worked, though there may have been nothing to store, ms. */
const provenMs = 60_000;

/** A wait after a failure that is no longer than this is not worth a question to the store, ms. */
const shortWaitMs = 15_000;

/** What the snapshotters of all leads share. */
export interface LeaderSnapshotterParts {
  readonly request: LeaderSnapshotterRequest;
  /** Opens the store and the connection, or gives those that are open; they are not closed here. */
  openStore(): Promise<SnapStore>;
  openConnection(): Promise<SidecarConnection>;
  /** Of the store, for messages. */
  readonly location: string;
  /** Waits after a snapshotter that has failed. */
  readonly backoff: ArmedBackoff;
}

/** One lead. */
export interface Lead {
  /** Aborts when it is lost. */
  readonly lost: AbortSignal;
  /** Resolves when our member has answered. Rejects when the signal aborts. */
  untilAnswered(signal: AbortSignal): Promise<void>;
  /** What may be done to the store, as long as the lead is not lost. */
  readonly permissions: StorePermissions;
  /** Called when requests begin to be served, and when they are served no more. */
  onActivity(is: 'active' | 'inactive'): void;
}

/**
 * Snapshots under leadership. In each lead they begin as soon as our member has answered, with a full where one is needed, and again
 * after a failure, later each time, also when the lead was lost in between. When it is lost, uploads are aborted; when the process
 * is asked to stop, what is buffered becomes the last delta.
 */
export class LeaderSnapshotter implements SnapshotTaker {
  readonly #parts: LeaderSnapshotterParts;
  readonly #context: RunContext;
  readonly #fulls = new CoalescedRequests<StoredSnapshot>();
  readonly #deltas = new CoalescedRequests<StoredSnapshot | undefined>();
  #active: Snapshotter | undefined;
  /** Monotonic ms. */
  #activeSince = 0;
  /** Why the last full failed, until one is stored. */
  #fullFailure: unknown;
  /** Whether a full that failed has ended a run: then neither deltas nor a long life show that it works again. */
  #fullFails = false;

  /** The context's signal asks it to stop. */
  constructor(parts: LeaderSnapshotterParts, context: RunContext) {
    this.#parts = parts;
    this.#context = context;
  }

  /**
   * Takes snapshots until the lead is lost or the context's signal aborts; never twice at once. When it settles, nothing of it can
   * become visible any more.
   */
  async run(lead: Lead): Promise<void> {
    const { backoff } = this.#parts;
    const { clock, log, signal: stop } = this.#context;
    const ending = AbortSignal.any([lead.lost, stop]);
    // Another member may have taken the full meanwhile.
    this.#fullFails = false;
    try {
      for (;;) {
        await lead.untilAnswered(ending);
        const onWait = (ms: number): void => log.info(`Taking snapshots again in ${ms / 1_000} s`);
        await backoff.wait(clock, ending, onWait, (ms, signal) =>
          ms > shortWaitMs ? this.#untilStoreReturns(signal) : undefined,
        );
        await this.#takeSnapshots(lead, ending);
        ending.throwIfAborted();
      }
    } catch (error) {
      if (!ending.aborted) {
        throw error;
      }
    } finally {
      // One that waits after a failure ends here, and would otherwise count as failing for ever.
      listenerFor(this.#parts.request.listeners ?? [], log)({ type: 'ended', outcome: 'stopped' });
    }
  }

  takeFull({ final }: { readonly final: boolean }): Promise<StoredSnapshot> {
    return this.#fulls.take(final ? 'final' : 'full', () =>
      this.#serving('take a full snapshot of').then((active) => active.takeFull({ final })),
    );
  }

  takeDelta(): Promise<StoredSnapshot | undefined> {
    return this.#deltas.take('delta', () =>
      this.#serving('take a delta snapshot of').then((active) => active.takeDelta()),
    );
  }

  /** Lists the store, also while another member leads. */
  async listed({ signal }: CallOptions): Promise<Omit<ListedBackups, 'rules'>> {
    const store = await untilAborted(this.#parts.openStore(), signal);
    return { store, listing: await store.list({ signal }) };
  }

  async latest({ signal }: { readonly signal: AbortSignal }): Promise<LatestSnapshots> {
    const store = await untilAborted(this.#parts.openStore(), signal);
    const { snapshots, markers } = await store.list({ signal });
    const whole = restorable(historiesOf(snapshots, markers).living.snapshots);
    const newest = whole.findLastIndex(({ kind }) => kind === 'Full');
    return { full: whole[newest], deltas: whole.slice(newest + 1) };
  }

  /** The longest waits are those after a long outage, when all that came meanwhile waits for the store. */
  async #untilStoreReturns(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    const ask = async (call: CallOptions): Promise<void> => {
      const store = await this.#parts.openStore();
      await (store.answers?.(call) ?? store.list(call));
    };
    await untilStoreReturns(ask, { clock, signal });
    log.info(`${this.#parts.location} answers again`);
  }

  async #serving(action: string): Promise<Snapshotter> {
    if (this.#active === undefined) {
      throw new Failure({
        code: 'snapshotter_ended',
        action,
        object: this.#parts.location,
        found: 'the snapshotter is not active: it takes its first snapshot, or waits after a failure',
        remedy: 'ask again later; the log says what it waits for',
      });
    }
    return this.#active;
  }

  async #takeSnapshots(lead: Lead, ending: AbortSignal): Promise<void> {
    const { backoff } = this.#parts;
    const { clock, log, signal: stop } = this.#context;
    const { lost } = lead;
    try {
      const snapshotter = await this.#prepare(lead, ending);
      const abandon = (): void => void snapshotter.abandon(lost.reason);
      lost.addEventListener('abort', abandon, { once: true });
      try {
        lost.throwIfAborted();
        await snapshotter.run();
      } finally {
        lost.removeEventListener('abort', abandon);
      }
    } catch (error) {
      if (error instanceof LeftUndone && stop.aborted) {
        log.error({ error }, error.message);
      } else if (!ending.aborted) {
        this.#fullFails ||= error === this.#fullFailure;
        const hasWorked = this.#active !== undefined && clock.monotonic() - this.#activeSince >= provenMs;
        if (hasWorked && !this.#fullFails) {
          backoff.disarm();
        }
        backoff.arm();
        log.error({ error }, `The snapshotter has ended: ${error instanceof Error ? error.message : error}`);
      }
    } finally {
      this.#active = undefined;
      lead.onActivity('inactive');
    }
  }

  async #prepare(lead: Lead, signal: AbortSignal): Promise<Snapshotter> {
    const { request, openStore, openConnection, backoff } = this.#parts;
    // Opening reads files, which may hang.
    const [store, connection] = await untilAborted(Promise.all([openStore(), openConnection()]), signal);
    await connection.checkEndpoints({ signal });
    const listener: SnapshotterListener = (event) => {
      if (event.type === 'begun') {
        this.#active = snapshotter;
        this.#activeSince = this.#context.clock.monotonic();
        lead.onActivity('active');
      } else if (event.type === 'snapshot failed') {
        // An etcd that cannot be reached is waited for, or fails a request: no database was read in vain.
        if (event.kind === 'Full' && !(event.error instanceof EtcdFailure)) {
          this.#fullFailure = event.error;
        }
      } else if (event.type === 'snapshot taken') {
        this.#fullFails &&= event.kind !== 'Full';
        // That it has begun shows only that the store can be listed.
        if (!this.#fullFails) {
          backoff.disarm();
        }
      }
    };
    const { cluster } = connection;
    const guarded = guardedStore(store, lead.permissions);
    const listeners = [...(request.listeners ?? []), listener];
    const whole = { ...request, cluster, store: guarded, start: 'as needed', listeners } as const;
    const snapshotter = new Snapshotter(whole, this.#context);
    return snapshotter;
  }
}
