import type { Worker } from 'node:worker_threads';
import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import type { DeltaReader, DeltaTask } from '../objects/delta-reader.ts';
import type { DeltaSummary } from '../objects/record-decoder.ts';
import { type DeltaAnswer, type DeltaRequest, unpackFailure } from './delta-messages.ts';
import { startWorker } from './worker-thread.ts';

/** Reads deltas in a thread of its own. It begins with a delta as soon as it is told, ahead of whoever wants the records. */
export class DeltaThread implements DeltaReader {
  readonly #worker: Worker;
  readonly #answers: DeltaAnswer[] = [];
  #broken: Error | undefined;
  #wake: () => void = () => {};

  constructor() {
    this.#worker = startWorker({
      asset: 'delta-worker.cjs',
      module: () => new URL('./delta-worker.ts', import.meta.url),
    });
    this.#worker.on('message', (answer: DeltaAnswer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    this.#worker.on('error', (error: unknown) => this.#break(error));
    this.#worker.on('exit', (code) => this.#break(new Error(`a worker thread ended with code ${code}`)));
  }

  read(task: DeltaTask): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    this.#worker.postMessage({ kind: 'read', task } satisfies DeltaRequest);
    return this.#records();
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async *#records(): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    for (;;) {
      const answer = await this.#next();
      switch (answer.kind) {
        case 'batch':
          yield answer.batch;
          this.#worker.postMessage({ kind: 'used', batch: answer.batch } satisfies DeltaRequest, [
            answer.batch.bytes.buffer,
            answer.batch.sizes.buffer,
          ]);
          break;
        case 'done':
          return answer.summary;
        case 'failed':
          throw unpackFailure(answer.failure);
        default:
          answer satisfies never;
      }
    }
  }

  async #next(): Promise<DeltaAnswer> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) {
        return answer;
      }
      if (this.#broken !== undefined) {
        throw this.#broken;
      }
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
    }
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof Error ? error : new Error(String(error));
    this.#wake();
  }
}
