import type { FileHandle } from 'node:fs/promises';

/** Bytes that are written between two calls of the system to bring them to the disk. */
const STEP = 24 * 1024 * 1024;

/**
 * Brings what is written to a file to the disk meanwhile, so that little is left to wait for when it has to be durable. Nothing is
 * durable because of this: the caller syncs in the end, which also tells what went wrong.
 */
export class WriteBehind {
  readonly #handle: Pick<FileHandle, 'datasync'>;
  #waiting = 0;
  #running: Promise<void> | undefined;

  constructor(handle: Pick<FileHandle, 'datasync'>) {
    this.#handle = handle;
  }

  /** Says that so many bytes more are in the file. */
  wrote(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting < STEP || this.#running !== undefined) {
      return;
    }
    this.#waiting = 0;
    this.#running = this.#handle.datasync().then(
      () => this.#ended(),
      () => this.#ended(),
    );
  }

  #ended(): void {
    this.#running = undefined;
  }
}
