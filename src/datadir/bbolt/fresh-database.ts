import { type FileHandle, open } from 'node:fs/promises';
import { makingEntry } from '../../fs/making-entry.ts';
import { BucketWriter } from './bucket-writer.ts';
import type { EntryBatch } from './entry-batch.ts';
import { writeMetas } from './meta-pages.ts';
import { FIRST_DATA_PAGE } from './page.ts';

/**
 * Writes a new database from entries in key order, in one pass: pages as full as they can be, bucket after bucket, then an empty
 * freelist, then the metas. Without them the file is no database. Memory stays bounded: two write buffers and the rightmost
 * path of one tree.
 *
 * ```ts
 * await using fresh = await FreshDatabase.create(path, { pageSize: 4096 });
 * await fresh.bucket('key', batches);        // EntryBatch by EntryBatch, or inBatches(entries)
 * await fresh.commit({ signal });            // durable from here on; the directory is for the caller to sync
 * ```
 */
export class FreshDatabase implements AsyncDisposable {
  readonly path: string;
  /** Bytes. */
  readonly pageSize: number;
  readonly #handle: FileHandle;
  readonly #writer: BucketWriter;

  private constructor(path: string, handle: FileHandle, pageSize: number) {
    this.path = path;
    this.pageSize = pageSize;
    this.#handle = handle;
    this.#writer = new BucketWriter(handle, { pageSize, highWater: FIRST_DATA_PAGE });
  }

  /**
   * Creates the file (0600). `pageSize` is a power of two from 1 KiB to 16 MiB; take that of the database the entries come
   * from. Throws what the file system throws, `EEXIST` when there is a file.
   */
  static async create(path: string, options: { readonly pageSize: number }): Promise<FreshDatabase> {
    return new FreshDatabase(path, await makingEntry(() => open(path, 'wx', 0o600)), options.pageSize);
  }

  /** Bytes of the database so far. */
  get size(): number {
    return this.#writer.highWater * this.pageSize;
  }

  /**
   * Writes a top-level bucket, which may be empty. Buckets may come in any order, their entries have to be in key order, each
   * key once. A batch may be reused once the next one is asked for. `sequence` is the counter that bbolt keeps for its users.
   */
  async bucket(
    name: string | Uint8Array,
    batches: Iterable<EntryBatch> | AsyncIterable<EntryBatch>,
    options: { readonly sequence?: bigint } = {},
  ): Promise<void> {
    await this.#writer.write(typeof name === 'string' ? new TextEncoder().encode(name) : name, batches, {
      sequence: options.sequence ?? 0n,
    });
  }

  /** Writes the bucket of buckets, the freelist and the metas, and makes all of it durable; `scratch` files need not be. */
  async commit(options: { readonly signal: AbortSignal; readonly use?: 'kept' | 'scratch' }): Promise<void> {
    const sync = async (): Promise<void> => {
      if (options.use !== 'scratch') {
        await this.#handle.sync();
      }
    };
    const root = await this.#writer.writeRoot(this.#writer.headers());
    const freelist = await this.#writer.writeFreelist();
    await this.#writer.end();
    await sync();
    options.signal.throwIfAborted();
    await writeMetas(this.#handle, {
      pageSize: this.pageSize,
      root: { page: root, sequence: 0n },
      freelist,
      highWater: this.#writer.highWater,
      transaction: 1,
    });
    await sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
