import { type BackupMetrics, noMetrics } from '../../../metrics/backup-metrics.ts';
import { SerialQueue } from '../../../runtime/async/serial-queue.ts';
import { untilAborted } from '../../../runtime/async/until-aborted.ts';
import { rfc3339 } from '../../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { Compression } from '../../../snapshot/snapshot.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import type { EventBuffer } from './event-buffer.ts';
import { saveDeltaSnapshot } from './save.ts';
import type { DeltaSegment } from './segment.ts';

/** What a delta writer needs. */
export interface UploadLoopParts {
  readonly store: SnapStore;
  readonly compression: Compression;
  readonly collector: EventBuffer;
  readonly chain: ChainState;
  readonly patience: StoreOutageRetry;
  /** How often a delta is due, ms. */
  readonly periodMs: number;
  /** Aborts when the snapshotter is told to stop. */
  readonly stop: AbortSignal;
  readonly metrics?: BackupMetrics;
}

/** Writes what a collector gathers into the store, one delta after the other, while it goes on gathering. */
export class UploadLoop {
  readonly #parts: UploadLoopParts;
  readonly #context: Pick<RunContext, 'signal' | 'clock' | 'log'>;
  readonly #metrics: BackupMetrics;
  readonly #serial = new SerialQueue();

  /** The context's signal bounds the uploads; it may abort later than that of {@link run}, so that one can be finished. */
  constructor(parts: UploadLoopParts, context: Pick<RunContext, 'signal' | 'clock' | 'log'>) {
    this.#parts = parts;
    this.#context = context;
    this.#metrics = parts.metrics ?? noMetrics;
  }

  /** Writes a delta whenever the period is over or the collector has reached its limit, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { collector, periodMs } = this.#parts;
    const { clock, log } = this.#context;
    for (;;) {
      using early = disposableAbort(signal);
      const due = await Promise.race([
        clock.sleep(periodMs, early.signal).then(() => 'period' as const),
        collector.untilLimit(early.signal).then(() => 'limit' as const),
      ]);
      if (due === 'limit') {
        log.info(`Delta events memory crossed the memory limit: ${collector.size} Bytes`);
        await this.#serial.run(() => this.#writeWaiting());
      } else {
        await this.write();
      }
    }
  }

  /** Writes everything that is gathered now. Waits for its turn when a delta is just being written. Gives the last delta. */
  write(): Promise<StoredSnapshot | undefined> {
    return this.#serial.run(async () => {
      const { collector } = this.#parts;
      const { clock, log, signal } = this.#context;
      signal.throwIfAborted();
      log.info(`Taking delta snapshot for time: ${rfc3339(clock.now())}`);
      collector.close();
      const last = await this.#writeWaiting();
      if (last === undefined) {
        log.info(
          collector.isHolding
            ? 'Events wait for the full snapshot that is being read. Skipping delta snapshot.'
            : 'No events received to save snapshot. Skipping delta snapshot.',
        );
      }
      return last;
    });
  }

  async #writeWaiting(): Promise<StoredSnapshot | undefined> {
    let last: StoredSnapshot | undefined;
    for (let segment = this.#parts.collector.take(); segment !== undefined; segment = this.#parts.collector.take()) {
      try {
        last = await this.#save(segment);
      } finally {
        await segment.release();
      }
    }
    return last;
  }

  async #save(segment: DeltaSegment): Promise<StoredSnapshot> {
    const { store, compression, chain, patience, stop } = this.#parts;
    const { clock, signal } = this.#context;
    // The name stays the same however often it is tried: a try that seemed to fail may have arrived.
    const createdOn = chain.deltaTime(segment.lastRevision, Math.floor(clock.now() / 1000));
    const request = { store, compression, segment, createdOn };
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    try {
      const attempt = (): Promise<StoredSnapshot> =>
        untilAborted(saveDeltaSnapshot({ ...request, covered: chain.covered }, this.#context), signal);
      const stored = await patience.persist('save a delta snapshot', attempt, { signal, stop });
      chain.stored(stored);
      if (this.#parts.collector.size === 0) {
        this.#metrics.snapshotRequired('Incr', 'not required');
      }
      this.#metrics.snapshotTaken({ kind: 'Incr', seconds: seconds(), outcome: 'succeeded' });
      return stored;
    } catch (error) {
      this.#metrics.snapshotTaken({ kind: 'Incr', seconds: seconds(), outcome: 'failed' });
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
