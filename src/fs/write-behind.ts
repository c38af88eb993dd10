import type { FileHandle } from 'node:fs/promises';

/** Bytes that are written between two syncs. */
const STEP = 24 * 1024 * 1024;

/**
 * Syncs a file while it is being written, so that the last sync takes little time. It makes nothing durable by itself: the caller syncs at
 * the end, after {@link end}, because the system reports a failed write only once, and not to a handle that was opened later.
 */
export class WriteBehind {
  readonly #handle: Pick<FileHandle, 'datasync'>;
  #waiting = 0;
  #isRunning = false;
  #done: Promise<void> = Promise.resolve();

  constructor(handle: Pick<FileHandle, 'datasync'>) {
    this.#handle = handle;
  }

  /** Says that so many bytes more are in the file, and how many will follow where that is known: close to the end nothing is begun. */
  wrote(bytes: number, { left = STEP }: { readonly left?: number } = {}): void {
    this.#waiting += bytes;
    if (this.#waiting < STEP || this.#isRunning || left < STEP) {
      return;
    }
    this.#waiting = 0;
    this.#isRunning = true;
    const synced = this.#handle.datasync();
    this.#done = Promise.all([this.#done, synced]).then(() => undefined);
    // It is awaited in the end; until then a failure must not count as unhandled.
    this.#done.catch(() => undefined);
    const over = (): void => {
      this.#isRunning = false;
    };
    synced.then(over, over);
  }

  /** Waits for the syncs that were begun. Throws their error. */
  async end(): Promise<void> {
    await this.#done;
  }
}
