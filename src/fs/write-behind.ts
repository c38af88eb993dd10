import type { FileHandle } from 'node:fs/promises';

/** Bytes that are written between two calls of the system to bring them to the disk. */
const STEP = 24 * 1024 * 1024;

/**
 * Brings what is written to a file to the disk meanwhile, so that little is left to wait for when it has to be durable. Nothing is
 * durable because of this: the caller syncs in the end. It has to ask for {@link end} before: the system tells of a write that failed
 * only once, and not to those who open the file later.
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

  /** Waits for what was begun. Throws what the system says of it. */
  async end(): Promise<void> {
    await this.#done;
  }
}
