import type { OwnedEntryBatch } from '../../../datadir/bbolt/entry-batch.ts';
import { expandedDelta } from '../../../objects/delta-file.ts';
import type { DeltaReader, DeltaTask } from '../../../objects/delta-reader.ts';
import { DeltaRecordReader } from '../../../objects/delta-record-reader.ts';
import type { DeltaSummary } from '../../../objects/record-decoder.ts';

/** Reads deltas in this thread, each from the moment its records are asked for. */
export class SameThreadReader implements DeltaReader {
  readonly #reader = new DeltaRecordReader();
  readonly #ended = new AbortController();
  /** Files that are open. */
  readonly #open = new Set<AsyncGenerator<Uint8Array, void>>();

  read(task: DeltaTask): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    return this.#reader.read(this.#body(task), task);
  }

  /** Resolves when every file is closed. Records that are taken afterwards are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the reader of deltas has ended'));
    await Promise.allSettled([...this.#open].map((body) => body.return()));
  }

  async *#body(task: DeltaTask): AsyncGenerator<Uint8Array, void> {
    this.#ended.signal.throwIfAborted();
    const body = expandedDelta(task);
    this.#open.add(body);
    try {
      yield* body;
    } finally {
      this.#open.delete(body);
    }
    // Disposing ends the body early, which is not the end of the delta.
    this.#ended.signal.throwIfAborted();
  }
}
