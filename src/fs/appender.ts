import type { FileHandle } from 'node:fs/promises';

/** Bytes gathered before they are written to disk. */
const writeSize = 1024 * 1024;

/** Appends to a file in large writes. */
export class FileAppender {
  readonly #handle: FileHandle;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #size = 0;

  /** The handle's own position is where it begins. */
  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Bytes appended so far, those that wait for {@link flush} included. */
  get size(): number {
    return this.#size;
  }

  /** Takes `bytes` over; they must not be changed until they are flushed. Throws what the file system throws. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
    this.#size += bytes.length;
    if (this.#pendingSize >= writeSize) {
      await this.flush();
    }
  }

  /** Writes what is pending. */
  async flush(): Promise<void> {
    const buffers = this.#pending;
    const expected = this.#pendingSize;
    this.#pending = [];
    this.#pendingSize = 0;
    if (expected === 0) {
      return;
    }
    const { bytesWritten } = await this.#handle.writev(buffers);
    // `writev` may write less than it was given.
    if (bytesWritten < expected) {
      await this.#handle.writeFile(Buffer.concat(buffers).subarray(bytesWritten));
    }
  }
}
