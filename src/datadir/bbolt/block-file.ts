import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openFile } from '../../fs/open-file.ts';
import { withPath } from '../../fs/with-path.ts';
import { Damage } from '../damage.ts';

const BLOCK_SIZE = 1024 * 1024;
const BLOCKS_KEPT = 12;

/**
 * A file read at any position through one handle, with the blocks used last kept in memory (12 MiB at most).
 * The bytes that `read` returns stay valid after their block has left the cache; they must not be changed.
 */
export class BlockFile implements AsyncDisposable {
  readonly path: string;
  /** Bytes, when the file was opened. */
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.size = size;
  }

  /** Opens for reading only. Throws what the file system throws. */
  static async open(path: string): Promise<BlockFile> {
    const handle = await openFile(path);
    try {
      const { size } = await handle.stat();
      return new BlockFile(path, handle, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Exactly `length` bytes at `offset`. Throws {@link Damage} when the file ends before. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) {
      throw new Damage({
        file: this.path,
        offset,
        reason: `${length} bytes are needed here, but the file ends at ${this.size}`,
      });
    }
    const start = Math.floor(offset / BLOCK_SIZE) * BLOCK_SIZE;
    if (offset + length > start + BLOCK_SIZE) {
      return this.#load(offset, length);
    }
    const block = await this.#block(start);
    return block.subarray(offset - start, offset - start + length);
  }

  /** Fills all of `target` with the bytes at `offset`, without the cache. Throws {@link Damage} when the file ends before. */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const rest = target.length - filled;
      const { bytesRead } = await this.#handle.read(target, filled, rest, offset + filled).catch((error: unknown) => {
        throw withPath(error, this.path);
      });
      if (bytesRead === 0) {
        throw this.#tooShort(offset + filled);
      }
      filled += bytesRead;
    }
  }

  /** {@link readInto} in this thread: for a few pages that is faster than a read in another thread. */
  readIntoSync(target: Uint8Array, offset: number): void {
    for (let filled = 0; filled < target.length; ) {
      const bytesRead = this.#readSync(target, filled, offset + filled);
      if (bytesRead === 0) {
        throw this.#tooShort(offset + filled);
      }
      filled += bytesRead;
    }
  }

  /** Makes durable what was written to the file until now, by any process. */
  async settle(): Promise<void> {
    await this.#handle.datasync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#blocks.clear();
    await this.#handle.close();
  }

  #block(start: number): Promise<Uint8Array> {
    const kept = this.#blocks.get(start);
    // A Map iterates in order of insertion: putting a block back in makes it the youngest.
    this.#blocks.delete(start);
    const block = kept ?? this.#load(start, Math.min(BLOCK_SIZE, this.size - start));
    this.#blocks.set(start, block);
    if (this.#blocks.size > BLOCKS_KEPT) {
      for (const oldest of this.#blocks.keys()) {
        this.#blocks.delete(oldest);
        break;
      }
    }
    return block;
  }

  async #load(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length);
    await this.readInto(bytes, offset);
    return bytes;
  }

  #readSync(target: Uint8Array, filled: number, offset: number): number {
    try {
      return readSync(this.#handle.fd, target, filled, target.length - filled, offset);
    } catch (error) {
      throw withPath(error, this.path);
    }
  }

  #tooShort(offset: number): Damage {
    return new Damage({ file: this.path, offset, reason: 'the file became shorter while it was read' });
  }
}
