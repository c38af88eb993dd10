import { clusterIdText } from '../../../etcd/cluster-history.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import { freeTime, markerName, type OrderMarker } from '../../../snapshot/history/history-marker.ts';
import { isFollowed } from '../../../snapshot/history/time-to-continue.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { HistoryGuard } from './history-guard.ts';

/** What a {@link StoredOrder} works with. */
export interface StoredOrderParts {
  readonly store: SnapStore;
  readonly chain: Pick<ChainState, 'youngest' | 'writtenFulls'>;
  readonly guard: Pick<HistoryGuard, 'continuesStore' | 'clusterId'>;
}

/** When a marker could not be written, no other is tried for this long, ms. */
const RETRY_MS = 5 * 60_000;

/**
 * Leaves a marker that says which fulls were there before a snapshot whose name is days older than theirs: once the clock is put right,
 * the names alone look like those of a cluster that was put back. In the normal case it does nothing.
 */
export class StoredOrder {
  readonly #parts: StoredOrderParts;
  /** The latest time in the store's names when it was last looked into. */
  #settled = 0;
  /** When a marker could not be written, ms of the monotonic clock; undefined after a success. */
  #failedAt: number | undefined;

  constructor(parts: StoredOrderParts) {
    this.#parts = parts;
  }

  /** Notes a snapshot that was stored. A marker that cannot be written is no failure: the backup is whole without it. */
  async stored(snapshot: StoredSnapshot, context: Pick<RunContext, 'signal' | 'log' | 'clock'>): Promise<void> {
    const { signal, log, clock } = context;
    const { youngest } = this.#parts.chain;
    if (isFollowed(youngest, snapshot.createdOn) || youngest === this.#settled) {
      return;
    }
    const isPausing = this.#failedAt !== undefined && clock.monotonic() - this.#failedAt < RETRY_MS;
    // Each try lists the whole store.
    if (isPausing && snapshot.kind !== 'Full') {
      return;
    }
    try {
      await this.#mark(snapshot, { signal, log });
      this.#settled = youngest;
      this.#failedAt = undefined;
    } catch (error) {
      signal.throwIfAborted();
      const level = this.#failedAt === undefined ? 'warn' : 'debug';
      this.#failedAt = clock.monotonic();
      log[level](
        { error, snapshot: snapshot.name },
        `${snapshot.name} is by its name older than what it continues, and no marker could be written that says so: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  async #mark(snapshot: StoredSnapshot, { signal, log }: Pick<RunContext, 'signal' | 'log'>): Promise<void> {
    const { store, chain, guard } = this.#parts;
    if (store.histories === undefined) {
      return;
    }
    const { snapshots, markers } = await store.list({ signal });
    const isLater = ({ kind, name, createdOn, lastRevision, precedes }: StoredSnapshot): boolean =>
      kind === 'Full' &&
      createdOn > snapshot.createdOn &&
      lastRevision < snapshot.lastRevision &&
      (precedes === undefined || precedes > snapshot.lastRevision) &&
      (guard.continuesStore || chain.writtenFulls.has(name));
    const after = restorable(historiesOf(snapshots, markers).living.snapshots).filter(isLater);
    const newest = after.at(-1);
    if (newest === undefined) {
      return;
    }
    const { createdOn, lastRevision: shared } = snapshot;
    const numbers = { begunOn: freeTime({ begunOn: createdOn, shared }, markers), shared };
    const marker: OrderMarker = {
      name: markerName(numbers),
      ...numbers,
      why: 'clock_behind',
      first: snapshot.name,
      clusterId: clusterIdText(guard.clusterId),
      left: [],
      after: after.map(({ name }) => name),
    };
    await store.histories.save(marker, { signal });
    log.warn(
      { marker: marker.name, snapshot: snapshot.name, after: marker.after.slice(0, 5) },
      `${snapshot.name} is by its name days older than ${newest.name}, which it continues: the clock is wrong, or was. ` +
        `${marker.name} says in which order they were stored, for later restores`,
    );
  }
}
