import { SerialQueue } from '../../../runtime/async/serial-queue.ts';
import { rfc3339 } from '../../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { SnapshotterListener } from '../events.ts';
import type { StoredOrder } from '../history/stored-order.ts';
import { packingNow, type RenewedPacking } from '../renewed-packing.ts';
import type { RequiredSnapshots } from '../required-snapshots.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import type { EventBuffer } from './event-buffer.ts';
import { saveDeltaSnapshot } from './save.ts';
import type { WaitingDelta } from './segment.ts';

/** What the upload loop works with. */
export interface UploadLoopParts extends RenewedPacking {
  readonly store: SnapStore;
  readonly buffer: EventBuffer;
  readonly chain: ChainState;
  readonly required: RequiredSnapshots;
  readonly outageRetry: StoreOutageRetry;
  readonly order: StoredOrder;
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
  readonly listener: SnapshotterListener;
}

/** At the end what waits is joined up to so many bytes: each upload takes time, but some readers hold a whole delta in memory. */
export const longestJoinedBytes = 64 * 1024 * 1024;

/** Stores what the event buffer holds, one delta after the other, while the buffer goes on filling. */
export class UploadLoop {
  readonly #parts: UploadLoopParts;
  readonly #context: Pick<RunContext, 'signal' | 'clock' | 'log'>;
  readonly #queue = new SerialQueue();
  /** Rejects when events were lost because their delta could not be stored: no later delta could continue the chain. */
  readonly #lost = Promise.withResolvers<never>();
  /** Resolves when the period begins anew. */
  #renewed = Promise.withResolvers<'renewed'>();

  /** The context's signal bounds the uploads; it may abort later than that of {@link run}, so that one can be finished. */
  constructor(parts: UploadLoopParts, context: Pick<RunContext, 'signal' | 'clock' | 'log'>) {
    this.#parts = parts;
    this.#context = context;
    this.#lost.promise.catch(() => undefined);
  }

  /**
   * Writes a delta every `periodMs`, or earlier when the buffer has reached its limit, until the signal aborts. A period begins when the
   * delta before was begun, so that what a store takes for it adds nothing to the age of the backup; after one that was asked for, it
   * begins anew.
   */
  async run(periodMs: number, signal: AbortSignal): Promise<void> {
    const { buffer, ending } = this.#parts;
    const { clock, log } = this.#context;
    // What is left then goes into the last delta.
    const untilEnd = async (): Promise<WaitingDelta | undefined> => (ending.aborted ? undefined : buffer.take());
    for (let begunAt = clock.monotonic(); ; ) {
      using wait = disposableAbort(signal);
      const leftMs = Math.max(0, begunAt + periodMs - clock.monotonic());
      const due = await Promise.race([
        clock.sleep(leftMs, wait.signal).then(() => 'period' as const),
        buffer.untilLimit(wait.signal).then(() => 'limit' as const),
        this.#renewed.promise,
        this.#lost.promise,
      ]);
      begunAt = clock.monotonic();
      if (due === 'renewed') {
        continue;
      }
      if (due === 'limit') {
        log.info(`Delta events memory crossed the memory limit: ${buffer.size} Bytes`);
        await this.#queue.run(() => this.#writeWaiting(untilEnd));
        this.#parts.listener({ type: 'deltas up to date' });
      } else {
        await this.#write(untilEnd, 'unless young');
      }
    }
  }

  /** Writes everything that is buffered now, after a delta that is just being written. Gives the last delta. */
  write(): Promise<StoredSnapshot | undefined> {
    return this.#write(() => this.#parts.buffer.take());
  }

  /** Resolves when no delta is being written: one that was is in the store then, or lost. */
  settled(): Promise<void> {
    return this.#queue.run(async () => {});
  }

  /** As {@link write}, for a delta on request: the next regular one comes a whole period later. */
  async writeRequested(): Promise<StoredSnapshot | undefined> {
    const last = await this.write();
    this.#renewed.resolve('renewed');
    this.#renewed = Promise.withResolvers();
    return last;
  }

  /** As {@link write}, with everything in one delta, or a few where it is very much or a full ends in it. Only after all fulls. */
  writeLast(): Promise<StoredSnapshot | undefined> {
    return this.#write(() => this.#parts.buffer.takeJoined(longestJoinedBytes));
  }

  #write(
    take: () => Promise<WaitingDelta | undefined>,
    held: 'all' | 'unless young' = 'all',
  ): Promise<StoredSnapshot | undefined> {
    return this.#queue.run(async () => {
      const { buffer } = this.#parts;
      const { clock, log, signal } = this.#context;
      signal.throwIfAborted();
      const idle = buffer.size === 0;
      log[idle ? 'debug' : 'info'](`Taking delta snapshot for time: ${rfc3339(clock.now())}`);
      buffer.close({ held });
      const last = await this.#writeWaiting(take);
      if (last === undefined) {
        // Logged at every period of an idle cluster it would hide everything else.
        log.debug('No events received to save snapshot. Skipping delta snapshot.');
      }
      this.#parts.listener({ type: 'deltas up to date' });
      return last;
    });
  }

  async #writeWaiting(take: () => Promise<WaitingDelta | undefined>): Promise<StoredSnapshot | undefined> {
    let last: StoredSnapshot | undefined;
    for (let segment = await take(); segment !== undefined; segment = await take()) {
      try {
        last = await this.#save(segment);
      } catch (error) {
        this.#lost.reject(error);
        throw error;
      } finally {
        await segment.release();
      }
    }
    return last;
  }

  async #save(segment: WaitingDelta): Promise<StoredSnapshot> {
    const { buffer, chain, required, outageRetry, order, ending, listener } = this.#parts;
    const { clock, signal } = this.#context;
    // The name stays the same however often it is tried: a try that seemed to fail may have arrived.
    const createdOn = chain.deltaTime(segment.lastRevision, Math.floor(clock.now() / 1000));
    const request = { ...this.#parts, ...(await packingNow(this.#parts)), segment, createdOn };
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    try {
      const attempt = (): Promise<StoredSnapshot> =>
        saveDeltaSnapshot({ ...request, covered: chain.covered }, this.#context);
      const stored = await outageRetry.persist('save a delta snapshot', attempt, { signal, ending });
      chain.stored(stored);
      await order.stored(stored, this.#context);
      if (buffer.size === 0) {
        required.covered('Incr');
      }
      listener({ type: 'snapshot taken', kind: 'Incr', seconds: seconds() });
      return stored;
    } catch (error) {
      listener({ type: 'snapshot failed', kind: 'Incr', seconds: seconds(), error });
      throw error;
    }
  }
}

/** A signal that aborts with `signal`, and at the end of the `using` scope. */
function disposableAbort(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', follow, { once: true });
  if (signal.aborted) {
    follow();
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', follow);
      controller.abort();
    },
  };
}
