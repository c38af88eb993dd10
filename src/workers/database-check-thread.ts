import type { Worker } from 'node:worker_threads';
import { Damage } from '../datadir/damage.ts';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { DatabaseCheckAnswer } from './database-check-messages.ts';
import { startWorker } from './worker-thread.ts';

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
    const { promise, resolve } = Promise.withResolvers<DatabaseCheckAnswer>();
    this.#answer = promise;
    this.#worker.once('message', resolve);
    this.#worker.once('error', () => resolve({ kind: 'unknown' }));
    this.#worker.once('exit', () => resolve({ kind: 'unknown' }));
    this.#worker.postMessage(file);
  }

  /**
   * Settles when the thread is done. When it could not check the database, for want of memory or whatever reason, that is
   * `unknown`. Rejects with the first {@link Damage}, or with the signal's reason.
   */
  async finished({ signal }: { readonly signal: AbortSignal }): Promise<'sound' | 'unknown'> {
    const answer = await untilAborted(this.#answer, signal);
    if (answer.kind === 'damage') {
      throw new Damage(answer);
    }
    return answer.kind;
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
