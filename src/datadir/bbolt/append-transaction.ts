import { type FileHandle, lstat } from 'node:fs/promises';
import { openFile } from '../../fs/open-file.ts';
import { isSameFile } from '../../fs/same-file.ts';
import { WriteBehind } from '../../fs/write-behind.ts';
import type { Bucket, Entry } from './bucket.ts';
import { BucketWriter, type Continuation } from './bucket-writer.ts';
import { Database } from './database.ts';
import type { EntryBatch } from './entry-batch.ts';
import { bucketEntries, inBatches, mergeEntries } from './entry-stream.ts';
import type { Meta } from './meta.ts';
import { writeMetas } from './meta-pages.ts';
import { readRightmostPath } from './rightmost-path.ts';

/**
 * Changes an existing database by appending pages; all its pages but the metas stay as they are, byte for byte. Until
 * {@link commit} has written the metas the file still is the old database.
 *
 * Afterwards the file has no freelist. bbolt then searches the free pages when it opens the file, as it does for every database
 * that etcd writes.
 */
export class AppendTransaction implements AsyncDisposable {
  /** The database as it was; resolves when all of it is in the file. */
  readonly base: Promise<Database>;
  readonly #path: string;
  readonly #pageSize: number;
  readonly #handle: FileHandle;
  readonly #writer: BucketWriter;

  private constructor(
    path: string,
    handle: FileHandle,
    options: { readonly meta: Meta; readonly base: Promise<Database> },
  ) {
    this.base = options.base;
    this.#path = path;
    this.#handle = handle;
    this.#pageSize = options.meta.pageSize;
    const { pageSize, highWater } = options.meta;
    // They have to be durable in the end.
    this.#writer = new BucketWriter(handle, { pageSize, highWater, behind: new WriteBehind(handle) });
  }

  /** Begins a transaction on the database at `path`. Throws {@link Damage} when it is no sound bbolt file. */
  static async open(path: string): Promise<AppendTransaction> {
    const base = await Database.open(path);
    try {
      return await AppendTransaction.begin(path, { meta: base.meta, base: Promise.resolve(base) });
    } catch (error) {
      await base[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Begins a transaction on a database whose pages are still being written up to the high water mark; only its newest meta is
   * known. {@link append} works at once, everything else waits for `base`. The transaction closes `base` at its end.
   */
  static async begin(
    path: string,
    options: { readonly meta: Meta; readonly base: Promise<Database> },
  ): Promise<AppendTransaction> {
    return new AppendTransaction(path, await openFile(path, { access: 'update' }), options);
  }

  /** Bytes of the database so far. */
  get size(): number {
    return this.#writer.highWater * this.#pageSize;
  }

  /**
   * Adds entries after the last key of a bucket, which is created if it does not exist. Their keys have to be in order and
   * above that last key. With `below`, that key and all after it are dropped before. A bucket can be changed once in a
   * transaction.
   */
  async append(
    name: string,
    batches: AsyncIterable<EntryBatch>,
    options: { readonly below?: Uint8Array | undefined } = {},
  ): Promise<void> {
    await this.#writer.write(latin1(name), batches, this.#continuation(name, options));
  }

  /** Makes `entries`, in key order, the whole contents of a bucket, which is created if it does not exist. */
  async replace(name: string, entries: readonly Entry[]): Promise<void> {
    const bucket = await (await this.base).bucket(name);
    await this.#writer.write(latin1(name), inBatches(entries), { sequence: sequenceOf(bucket) });
  }

  /** Sets `entries`, in key order, in a bucket; its other entries stay. The bucket is created if it does not exist. */
  async merge(name: string, entries: readonly Entry[], options: { readonly signal: AbortSignal }): Promise<void> {
    const bucket = await (await this.base).bucket(name);
    const merged = bucket === undefined ? entries : mergeEntries(bucketEntries(bucket, options), entries);
    await this.#writer.write(latin1(name), inBatches(merged), { sequence: sequenceOf(bucket) });
  }

  /** Writes the bucket of buckets, makes all pages durable, then writes the metas and makes them durable. */
  async commit(options: { readonly signal: AbortSignal }): Promise<void> {
    const { meta } = await this.base;
    const root = await this.#writeRoot(options);
    await this.#writer.end();
    await this.#handle.sync();
    options.signal.throwIfAborted();
    await writeMetas(this.#handle, {
      pageSize: meta.pageSize,
      root: { page: root, sequence: meta.root.sequence },
      freelist: undefined,
      highWater: this.#writer.highWater,
      transaction: meta.transaction + 1,
    });
    await this.#handle.sync();
  }

  /** Whether the path still leads to the file that is written to. */
  async isInPlace(): Promise<boolean> {
    const [named, opened] = await Promise.all([
      lstat(this.#path, { bigint: true }).catch(() => undefined),
      this.#handle.stat({ bigint: true }),
    ]);
    return named !== undefined && isSameFile(named, opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#handle.close();
    } finally {
      // The failure of a base that never came was thrown where the base was awaited.
      await this.base.then(
        (base) => base[Symbol.asyncDispose](),
        () => undefined,
      );
    }
  }

  async #continuation(name: string, options: { readonly below?: Uint8Array | undefined }): Promise<Continuation> {
    const base = await this.base;
    const bucket = await base.bucket(name);
    if (bucket === undefined) {
      return { sequence: 0n };
    }
    return { sequence: sequenceOf(bucket), ...(await readRightmostPath(base.pages, bucket, options)) };
  }

  async #writeRoot(options: { readonly signal: AbortSignal }): Promise<number> {
    const kept = bucketEntries((await this.base).root, { ...options, content: 'buckets' });
    return await this.#writer.writeRoot(mergeEntries(kept, this.#writer.headers()));
  }
}

function sequenceOf(bucket: Bucket | undefined): bigint {
  return bucket?.root.sequence ?? 0n;
}

function latin1(name: string): Uint8Array {
  return Buffer.from(name, 'latin1');
}
