import type { OwnedEntryBatch } from '../../../datadir/bbolt/entry-batch.ts';
import { expandedDelta } from '../../../objects/delta-file.ts';
import type { DeltaReader, DeltaTask } from '../../../objects/delta-reader.ts';
import { DeltaRecordReader } from '../../../objects/delta-record-reader.ts';
import type { DeltaSummary } from '../../../objects/record-decoder.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { DeltaThread } from '../../../workers/delta-thread.ts';
import { type FetchedDelta, fetchDeltas } from './fetch.ts';

/** Stored bytes below which a thread takes longer to start than it saves. */
const WORTH_A_THREAD = 2 * 1024 * 1024;
/** Deltas begun at once: one is read while the next is expanded. */
const BEGUN = 2;

/** One delta whose records can be taken. */
export interface DeltaRun {
  readonly delta: StoredSnapshot;
  readonly records: AsyncGenerator<OwnedEntryBatch, DeltaSummary>;
}

/** What the pipeline needs. */
export interface PipelineOptions {
  readonly store: SnapStore;
  /** In order, without a hole. */
  readonly deltas: readonly StoredSnapshot[];
  /** Last revision of what the first delta continues. */
  readonly after: number;
  /** Last revision that is wanted; undefined for all. */
  readonly until: number | undefined;
  /** Keys keep no other lease; undefined for all. */
  readonly keptLeases: readonly bigint[] | undefined;
  readonly maxFetchers: number;
  readonly tempDir: string;
  readonly onFetched: (bytes: number) => void;
}

/** A run with what has to be given back after it. */
interface BegunRun extends DeltaRun {
  readonly fetched: FetchedDelta;
}

/**
 * Fetches and reads deltas before their records are asked for: small chains in this thread, larger ones in another.
 */
export class DeltaPipeline implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #reader: DeltaReader;
  readonly #fetched: AsyncGenerator<FetchedDelta, void>;
  readonly #begun: Promise<BegunRun | undefined>[] = [];
  #last: Promise<unknown> = Promise.resolve();
  readonly #limits: Pick<DeltaTask, 'until' | 'keptLeases'>;
  #after: number;
  /** Deltas that were not begun yet. */
  #waiting: number;

  /** Begins at once. */
  constructor(options: PipelineOptions, context: RunContext) {
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    this.#after = options.after;
    this.#waiting = options.deltas.length;
    this.#limits = { until: options.until, keptLeases: options.keptLeases };
    this.#reader = startReader(options.deltas);
    this.#fetched = fetchDeltas(options, options, { ...context, signal });
    for (let begun = 0; begun < BEGUN; begun++) {
      this.#begin();
    }
  }

  /** The deltas in order. The records of each have to be taken before the next is asked for. */
  async *runs(): AsyncGenerator<DeltaRun, void> {
    for (let run = await this.#begun.shift(); run !== undefined; run = await this.#begun.shift()) {
      yield run;
      this.#begin();
      await run.fetched[Symbol.asyncDispose]();
    }
  }

  /** Stops what still runs and removes temporary files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#begun);
    await this.#fetched.return();
    await this.#reader[Symbol.asyncDispose]();
  }

  /** Begins with the next delta as soon as the ones before it are begun. */
  #begin(): void {
    const begun = this.#last.then(async () => {
      // At its end the fetcher removes all files, and a thread may not have opened the last one yet.
      if (this.#waiting === 0) {
        return undefined;
      }
      this.#waiting -= 1;
      const { value: fetched } = await this.#fetched.next();
      if (fetched === undefined) {
        return undefined;
      }
      const { delta, file } = fetched;
      const records = this.#reader.read({ file, compression: delta.compression, after: this.#after, ...this.#limits });
      this.#after = delta.lastRevision;
      return { delta, records, fetched };
    });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    begun.catch(() => undefined);
    this.#last = begun;
    this.#begun.push(begun);
  }
}

/** True when there is so much to read that it is worth the start of a thread. */
export function worthThread(deltas: readonly StoredSnapshot[]): boolean {
  return deltas.reduce((sum, delta) => sum + delta.size, 0) >= WORTH_A_THREAD;
}

function startReader(deltas: readonly StoredSnapshot[]): DeltaReader {
  if (worthThread(deltas)) {
    return new DeltaThread();
  }
  const reader = new DeltaRecordReader();
  return { read: (task) => reader.read(expandedDelta(task), task), [Symbol.asyncDispose]: () => Promise.resolve() };
}
