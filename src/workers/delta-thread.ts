import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import type { DeltaReader, DeltaTask } from '../objects/delta-reader.ts';
import type { DeltaSummary } from '../objects/record-decoder.ts';
import type { DeltaCalls } from './delta-worker.ts';
import { WorkerClient } from './worker-client.ts';

/** Reads deltas in a thread of its own, which starts at once and reads each delta before its records are asked for. */
export class DeltaThread implements DeltaReader {
  readonly #client = new WorkerClient<DeltaCalls>({
    asset: 'delta-worker.cjs',
    module: () => new URL('./delta-worker.ts', import.meta.url),
    heap: 'roomy',
  });

  constructor() {
    this.#client.start();
  }

  read(task: DeltaTask): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    const { stored } = task;
    return this.#givenBack(this.#client.stream('read', task, stored.kind === 'memory' ? [stored.bytes.buffer] : []));
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Each batch, whose memory goes back when the next is asked for. */
  async *#givenBack(
    batches: AsyncGenerator<OwnedEntryBatch, DeltaSummary>,
  ): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    for (;;) {
      const step = await batches.next();
      if (step.done) {
        return step.value;
      }
      const batch = step.value;
      yield batch;
      this.#client.tell('giveBack', batch, [batch.bytes.buffer, batch.sizes.buffer]);
    }
  }
}
