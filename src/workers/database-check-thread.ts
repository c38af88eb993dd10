import { Damage } from '../datadir/damage.ts';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { DatabaseCheckCalls } from './database-check-worker.ts';
import { WorkerClient } from './worker-client.ts';

/** Checks a database as `checkEtcdDatabase` does, in a thread of its own that begins at once. */
export class DatabaseCheckThread implements AsyncDisposable {
  readonly file: string;
  readonly #client = new WorkerClient<DatabaseCheckCalls>({
    asset: 'database-check-worker.cjs',
    module: () => new URL('./database-check-worker.ts', import.meta.url),
  });
  readonly #checked: Promise<undefined>;

  constructor(file: string) {
    this.file = file;
    this.#checked = this.#client.ask('check', file);
    // It is awaited later; until then a failure must not count as unhandled.
    this.#checked.catch(() => undefined);
  }

  /**
   * Resolves when the thread is done: with `unknown` when it could not check the database, for want of memory or another
   * reason. Rejects with the first {@link Damage}, or with the signal's reason.
   */
  async finished({ signal }: { readonly signal: AbortSignal }): Promise<'sound' | 'unknown'> {
    const outcome = this.#checked.then(
      () => 'sound' as const,
      (error: unknown) => {
        if (error instanceof Damage) {
          throw error;
        }
        return 'unknown' as const;
      },
    );
    return await untilAborted(outcome, signal);
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
