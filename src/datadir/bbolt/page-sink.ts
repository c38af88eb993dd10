import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../../fs/write-all.ts';
import type { WriteBehind } from '../../fs/write-behind.ts';

const BUFFER_SIZE = 4 * 1024 * 1024;

/**
 * Writes pages to their offsets in a file. Pages in a row are combined into writes of 4 MiB, and the next buffer is filled while
 * one is written, so at most two are in memory.
 */
export class PageSink {
  readonly pageSize: number;
  readonly #handle: FileHandle;
  readonly #behind: WriteBehind | undefined;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #spare = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #view = viewOf(this.#buffer);
  #filled = 0;
  /** Byte offset in the file of the buffer's first byte. */
  #offset = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Bytes that are being written, or were written last. */
  #size = 0;

  /** `behind` syncs the pages meanwhile; left out, they are not synced. */
  constructor(handle: FileHandle, options: { readonly pageSize: number; readonly behind?: WriteBehind | undefined }) {
    this.#handle = handle;
    this.#behind = options.behind;
    this.pageSize = options.pageSize;
  }

  /**
   * Zeroed memory for `pages` pages from page `id` on, to be filled at once: it is valid until the next call.
   * Undefined when the buffer has to be written first: then {@link claimNext} gives it.
   */
  claim(id: number, pages: number): Buffer | undefined {
    const start = this.claimPlace(id, pages);
    return start === undefined ? undefined : this.#buffer.fill(0, start, this.#filled).subarray(start, this.#filled);
  }

  /**
   * As {@link claim}, without the memory: where it begins in {@link memory}. It is not zeroed. Most pages are claimed so, as each object
   * that is made for one is made a hundred thousand times.
   */
  claimPlace(id: number, pages: number): number | undefined {
    const offset = id * this.pageSize;
    const size = pages * this.pageSize;
    if (this.#filled === 0) {
      this.#offset = offset;
    }
    if (this.#offset + this.#filled !== offset || this.#filled + size > this.#buffer.length) {
      return undefined;
    }
    const start = this.#filled;
    this.#filled += size;
    return start;
  }

  /** What was claimed last is in it. */
  get memory(): Buffer {
    return this.#buffer;
  }

  /** The same memory. */
  get view(): DataView {
    if (this.#view.buffer !== this.#buffer.buffer) {
      this.#view = viewOf(this.#buffer);
    }
    return this.#view;
  }

  /** Starts writing the pages claimed so far, then claims. */
  async claimNext(id: number, pages: number): Promise<Buffer> {
    await this.makeRoom(pages);
    const claimed = this.claim(id, pages);
    if (claimed === undefined) {
      throw new RangeError(`no room for ${pages} pages in an empty buffer`);
    }
    return claimed;
  }

  /** Starts writing the pages claimed so far; then there is memory for `pages` pages. */
  async makeRoom(pages: number): Promise<void> {
    const size = pages * this.pageSize;
    await this.#flush();
    if (size > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(size);
    }
  }

  /** Writes every page that was claimed. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#behind?.end();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.#behind?.wrote(this.#size);
    const full = this.#buffer;
    this.#size = this.#filled;
    this.#writing = writeAll(this.#handle, full.subarray(0, this.#filled), this.#offset);
    // A failure surfaces at the next await of the same promise; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
    this.#buffer = this.#spare;
    this.#spare = full.length > BUFFER_SIZE ? Buffer.allocUnsafeSlow(BUFFER_SIZE) : full;
    this.#filled = 0;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
