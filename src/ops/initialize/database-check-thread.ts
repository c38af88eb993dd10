import type { Worker } from 'node:worker_threads';
import { untilAborted } from '../../runtime/until-aborted.ts';
import { startWorker } from '../../runtime/worker-thread.ts';
import { type DatabaseCheckAnswer, unpackAnswer } from './database-check-messages.ts';

/** Checks a database as `checkEtcdDatabase` does, in a thread of its own that begins at once. */
export class DatabaseCheckThread implements AsyncDisposable {
  readonly file: string;
  readonly #worker: Worker;
  readonly #answer: Promise<DatabaseCheckAnswer>;

  constructor(file: string) {
    this.file = file;
    this.#worker = startWorker({
      asset: 'database-check-worker.cjs',
      module: () => new URL('./database-check-worker.ts', import.meta.url),
    });
    const { promise, resolve, reject } = Promise.withResolvers<DatabaseCheckAnswer>();
    this.#answer = promise;
    this.#worker.once('message', resolve);
    this.#worker.once('error', reject);
    this.#worker.once('exit', (code) => reject(new Error(`a worker thread ended with code ${code}`)));
    // It is awaited in its turn, or not at all; until then a failure must not count as unhandled.
    promise.catch(() => undefined);
    this.#worker.postMessage(file);
  }

  /** Settles when the database was checked. Rejects with the first Damage, or with the signal's reason. */
  async finished({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    unpackAnswer(await untilAborted(this.#answer, signal));
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
