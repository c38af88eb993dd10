import { availableParallelism } from 'node:os';
import type { OwnedEntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { type FetchedDelta, fetchDeltas } from './delta-fetcher.ts';
import { expandedDelta } from './delta-file.ts';
import type { DeltaReader, DeltaTask } from './delta-reader.ts';
import { type DeltaSummary, deltaRecords } from './delta-records.ts';
import { DeltaThread } from './delta-thread.ts';

/** Stored bytes below which threads take longer to start than they save. */
const WORTH_THREADS = 2 * 1024 * 1024;
/** Each thread costs some 70 MB, and a restore has to stay below 300 MB; a second one gains an eighth of the time. */
const MOST_THREADS = 1;

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
  readonly reader: DeltaReader;
  readonly fetched: FetchedDelta;
}

/**
 * Fetches and reads deltas ahead of whoever takes their records. Small chains are read in this thread, larger ones
 * in several threads, each with a delta of its own.
 */
export class DeltaPipeline implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #readers: readonly DeltaReader[];
  readonly #idle: DeltaReader[];
  readonly #fetched: AsyncGenerator<FetchedDelta, void>;
  readonly #begun: Promise<BegunRun | undefined>[] = [];
  #last: Promise<unknown> = Promise.resolve();
  readonly #limits: Pick<DeltaTask, 'until' | 'keptLeases'>;
  #after: number;
  /** Deltas that were not begun with yet. */
  #ahead: number;

  /** Begins at once. */
  constructor(options: PipelineOptions, context: RunContext) {
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    this.#after = options.after;
    this.#ahead = options.deltas.length;
    this.#limits = { until: options.until, keptLeases: options.keptLeases };
    this.#readers = startReaders(options.deltas);
    this.#idle = [...this.#readers];
    this.#fetched = fetchDeltas(options, options, { ...context, signal });
    for (const _ of this.#readers) {
      this.#begin();
    }
  }

  /** The deltas in order. The records of each have to be taken before the next is asked for. */
  async *runs(): AsyncGenerator<DeltaRun, void> {
    for (let run = await this.#begun.shift(); run !== undefined; run = await this.#begun.shift()) {
      yield run;
      this.#idle.push(run.reader);
      this.#begin();
      await run.fetched[Symbol.asyncDispose]();
    }
  }

  /** Stops whatever still runs and removes temporary files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#begun);
    await this.#fetched.return();
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  /** Begins with the next delta as soon as the ones before it are begun. There are as many unfinished runs as readers. */
  #begin(): void {
    const begun = this.#last.then(async () => {
      // At its end the fetcher removes all files, and a thread may not have opened the last one yet.
      if (this.#ahead === 0) {
        return undefined;
      }
      this.#ahead -= 1;
      const { value: fetched } = await this.#fetched.next();
      const reader = this.#idle.shift();
      if (fetched === undefined || reader === undefined) {
        return undefined;
      }
      const { delta, file } = fetched;
      const records = reader.read({ file, compression: delta.compression, after: this.#after, ...this.#limits });
      this.#after = delta.lastRevision;
      return { delta, records, reader, fetched };
    });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    begun.catch(() => undefined);
    this.#last = begun;
    this.#begun.push(begun);
  }
}

/** True when there is so much to read that it is worth the start of threads. */
export function worthThreads(deltas: readonly StoredSnapshot[]): boolean {
  return deltas.reduce((sum, delta) => sum + delta.size, 0) >= WORTH_THREADS;
}

function startReaders(deltas: readonly StoredSnapshot[]): readonly DeltaReader[] {
  if (!worthThreads(deltas)) {
    return [
      { read: (task) => deltaRecords(expandedDelta(task, 'piece by piece'), task), close: () => Promise.resolve() },
    ];
  }
  const count = Math.min(MOST_THREADS, deltas.length, availableParallelism());
  return Array.from({ length: count }, () => new DeltaThread());
}
