import type { OwnedEntryBatch } from '../../../datadir/bbolt/entry-batch.ts';
import type { DeltaReader, DeltaTask } from '../../../objects/delta-reader.ts';
import type { DeltaSummary } from '../../../objects/record-decoder.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { DeltaThread } from '../../../workers/delta-thread.ts';
import { DeltaDirectory } from './delta-directory.ts';
import { DeltaMemory } from './delta-memory.ts';
import { type FetchedDelta, fetchDeltas } from './fetch.ts';
import { SameThreadReader } from './same-thread-reader.ts';

/** Stored bytes below which a thread takes longer to start than it saves. */
const WORTH_A_THREAD = 2 * 1024 * 1024;
/** Stored bytes of deltas that wait in memory; those for which there is no room are in files. */
const MOST_IN_MEMORY = 32 * 1024 * 1024;
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
  /** In order, without a hole; where there are holes, {@link PipelineOptions.afterOf} is given. */
  readonly deltas: readonly StoredSnapshot[];
  /** Last revision of what a delta continues; left out, that of the one before. */
  readonly afterOf?: (delta: StoredSnapshot) => number;
  /** Last revision of what the first delta continues. */
  readonly after: number;
  /** Last revision that is wanted; undefined for all. */
  readonly until: number | undefined;
  /** Keys keep no other lease; undefined for all. */
  readonly keptLeases: readonly bigint[] | undefined;
  readonly maxFetchers: number;
  readonly tempDir: string;
  /** Deltas of so many bytes in all wait in memory instead of files; left out, as many as are worth it. */
  readonly memoryBytes?: number | undefined;
  readonly onFetched: (bytes: number) => void;
  /** Reads the deltas and belongs to the pipeline; left out, one that fits their size. */
  readonly reader?: DeltaReader | undefined;
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
  /** The directory of the files, when it is made. */
  readonly #files = new AsyncDisposableStack();
  /** Ends from the last to the first. */
  readonly #held = new AsyncDisposableStack();
  #ended: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #removed: Promise<unknown> = Promise.resolve();
  readonly #limits: Pick<DeltaTask, 'until' | 'keptLeases'>;
  readonly #afterOf: PipelineOptions['afterOf'];
  #after: number;

  /** Begins at once. */
  constructor(options: PipelineOptions, context: RunContext) {
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    this.#after = options.after;
    this.#afterOf = options.afterOf;
    this.#limits = { until: options.until, keptLeases: options.keptLeases };
    let made: Promise<DeltaDirectory> | undefined;
    const make = async (): Promise<DeltaDirectory> => this.#files.use(await DeltaDirectory.make(options.tempDir));
    const directory = (): Promise<DeltaDirectory> => {
      made ??= make();
      return made;
    };
    const memory = new DeltaMemory(options.memoryBytes ?? (worthThread(options.deltas) ? MOST_IN_MEMORY : 0));
    this.#reader = options.reader ?? startReader(options.deltas);
    this.#fetched = fetchDeltas(options, { ...options, memory, directory }, { ...context, signal });
    // Files are removed when the reader has closed them.
    this.#held.use(this.#files);
    this.#held.use(this.#reader);
    this.#held.defer(async () => {
      await Promise.allSettled([this.#last, this.#removed]);
      await this.#fetched.return();
    });
    for (let begun = 0; begun < BEGUN; begun++) {
      this.#begin();
    }
  }

  /** The deltas in order. The records of each have to be taken before the next is asked for. */
  async *runs(): AsyncGenerator<DeltaRun, void> {
    for (let run = await this.#begun.shift(); run !== undefined; run = await this.#begun.shift()) {
      yield run;
      this.#begin();
      // The directory may not be closed meanwhile: the path of the file would lead to what is opened next.
      this.#stop.signal.throwIfAborted();
      this.#removed = Promise.resolve(run.fetched[Symbol.asyncDispose]());
      await this.#removed;
    }
  }

  /** Stops what still runs and removes temporary files. Whoever does it once more waits for the same end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#ended ??= this.#held.disposeAsync();
    await this.#ended;
  }

  /** Begins with the next delta as soon as the ones before it are begun. */
  #begin(): void {
    const begun = this.#last.then(async () => {
      // The end of what was stopped is not the end of the chain.
      this.#stop.signal.throwIfAborted();
      const { value: fetched } = await this.#fetched.next();
      if (fetched === undefined) {
        return undefined;
      }
      const { delta, stored } = fetched;
      const after = this.#afterOf?.(delta) ?? this.#after;
      const records = this.#reader.read({
        stored,
        size: delta.size,
        compression: delta.compression,
        after,
        ...this.#limits,
      });
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
  return new SameThreadReader();
}
