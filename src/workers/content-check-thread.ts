import type { ContentCheckTask } from '../objects/content-check.ts';
import type { Inspection } from '../snapstore/upload/inspection.ts';
import type { ContentCheckCalls } from './content-check-worker.ts';
import { WorkerClient } from './worker-client.ts';

/**
 * Checks objects as `ContentCheck` does, in a thread that starts with the first: the thread that moves their bytes has no time
 * to hash them.
 */
export class ContentCheckThread implements AsyncDisposable {
  readonly #client = new WorkerClient<ContentCheckCalls>({
    asset: 'content-check-worker.cjs',
    module: () => new URL('./content-check-worker.ts', import.meta.url),
    youngGenerationSize: 2,
  });
  #begun = 0;

  /** Begins with an object. Its verdict rejects with SnapshotDamage; all calls reject when the thread itself fails. */
  begin(task: ContentCheckTask): Inspection & Disposable {
    const id = this.#begun++;
    this.#client.tell('begin', { id, task });
    return {
      inspect: (bytes) => {
        const own = bytes as Uint8Array<ArrayBuffer>;
        return this.#client.ask('inspect', { id, bytes: own }, { transfer: [own.buffer] });
      },
      verdict: () => this.#client.ask('verdict', id),
      [Symbol.dispose]: () => this.#client.tell('forget', id),
    };
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
