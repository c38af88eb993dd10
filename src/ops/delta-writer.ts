import { rfc3339 } from '../runtime/rfc3339.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { Serial } from '../runtime/serial.ts';
import { untilAborted } from '../runtime/until-aborted.ts';
import type { Compression } from '../snapshot/snapshot.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import type { BackupChain } from './backup-chain.ts';
import type { DeltaCollector } from './delta-collector.ts';
import { saveDeltaSnapshot } from './delta-snapshot.ts';

/** What a delta writer needs. */
export interface DeltaWriterParts {
  readonly store: SnapStore;
  readonly compression: Compression;
  readonly collector: DeltaCollector;
  readonly chain: BackupChain;
  /** How often a delta is due, ms. */
  readonly periodMs: number;
}

/** Writes what a collector gathers into the store, one delta after the other. */
export class DeltaWriter {
  readonly #parts: DeltaWriterParts;
  readonly #context: Pick<RunContext, 'signal' | 'clock' | 'log'>;
  readonly #serial = new Serial();

  /** The context's signal bounds the uploads; it may abort later than that of {@link run}, so that one can be finished. */
  constructor(parts: DeltaWriterParts, context: Pick<RunContext, 'signal' | 'clock' | 'log'>) {
    this.#parts = parts;
    this.#context = context;
  }

  /** Writes a delta whenever the period is over or the collector has reached its limit, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { collector, periodMs } = this.#parts;
    const { clock, log } = this.#context;
    for (;;) {
      const early = new AbortController();
      const period = clock.sleep(periodMs, early.signal);
      const limit = collector.limitReached.then(() => 'limit' as const);
      const due = await untilAborted(Promise.race([period, limit]), signal).finally(() => early.abort());
      if (due === 'limit') {
        log.info(`Delta events memory crossed the memory limit: ${collector.size} Bytes`);
      }
      await this.write();
    }
  }

  /** Writes everything that is gathered now. Waits for its turn when a delta is just being written. */
  write(): Promise<void> {
    return this.#serial.run(async () => {
      const { collector } = this.#parts;
      const { clock, log, signal } = this.#context;
      signal.throwIfAborted();
      log.info(`Taking delta snapshot for time: ${rfc3339(clock.now())}`);
      const segments = collector.takeAll();
      if (segments.length === 0) {
        log.info(
          collector.isHolding
            ? 'Events wait for the full snapshot that is being read. Skipping delta snapshot.'
            : 'No events received to save snapshot. Skipping delta snapshot.',
        );
      }
      for (const segment of segments) {
        const { store, compression, chain } = this.#parts;
        const createdOn = chain.deltaTime(segment.lastRevision, Math.floor(clock.now() / 1000));
        const request = { store, compression, segment, covered: chain.covered, createdOn };
        chain.stored(await untilAborted(saveDeltaSnapshot(request, this.#context), signal));
      }
    });
  }
}
