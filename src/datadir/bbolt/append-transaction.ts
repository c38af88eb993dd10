import { type FileHandle, open } from 'node:fs/promises';
import type { Bucket, Entry } from './bucket.ts';
import { BucketWriter, type Continuation } from './bucket-writer.ts';
import { Database } from './database.ts';
import type { EntryBatch } from './entry-batch.ts';
import { bucketEntries, inBatches, leafEntries, mergeEntries } from './entry-stream.ts';
import type { Meta } from './meta.ts';
import { writeMetas } from './meta-pages.ts';
import { readRightmostPath } from './rightmost-path.ts';

/**
 * Changes an existing database by adding pages behind it: whatever it held stays where it is, byte for byte.
 * Nothing counts until {@link commit} has written the metas; before that the file still is the old database.
 *
 * Afterwards the file keeps no freelist. bbolt then finds free pages by itself when it opens the file,
 * as it does for every database that etcd writes.
 */
export class AppendTransaction implements AsyncDisposable {
  /** The database as it was, from when it stands. */
  readonly base: Promise<Database>;
  readonly #pageSize: number;
  readonly #handle: FileHandle;
  readonly #writer: BucketWriter;

  private constructor(handle: FileHandle, options: { readonly meta: Meta; readonly base: Promise<Database> }) {
    this.base = options.base;
    this.#handle = handle;
    this.#pageSize = options.meta.pageSize;
    this.#writer = new BucketWriter(handle, options.meta);
  }

  /** Opens `path` for grafting. Throws {@link Damage} when it is no sound bbolt file. */
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
   * Begins to graft onto a database of which only the newest meta is known, while its pages up to the high water mark are
   * still being written: {@link append} works ahead, everything else waits for `base`, which the graft then closes.
   */
  static async begin(
    path: string,
    options: { readonly meta: Meta; readonly base: Promise<Database> },
  ): Promise<AppendTransaction> {
    return new AppendTransaction(await open(path, 'r+'), options);
  }

  /** Bytes the database has by now. */
  get size(): number {
    return this.#writer.highWater * this.#pageSize;
  }

  /**
   * Adds entries behind the last key of a bucket, which is created if it does not exist. Their keys have to be in order
   * and above that last key. A bucket is changed at most once in a graft.
   */
  async append(name: string, batches: AsyncIterable<EntryBatch>): Promise<void> {
    await this.#writer.write(latin1(name), batches, this.#rightEdge(name));
  }

  /** Makes `entries`, in key order, the whole contents of a bucket, which is created if it does not exist. */
  async replace(name: string, entries: readonly Entry[]): Promise<void> {
    const bucket = await (await this.base).bucket(name);
    await this.#writer.write(latin1(name), inBatches(entries), { sequence: sequenceOf(bucket) });
  }

  /** Sets `entries`, in key order, in a bucket beside what it holds; same keys get the new value. */
  async merge(name: string, entries: readonly Entry[], options: { readonly signal: AbortSignal }): Promise<void> {
    const bucket = await (await this.base).bucket(name);
    const merged = bucket === undefined ? entries : mergeEntries(bucketEntries(bucket, options), entries);
    await this.#writer.write(latin1(name), inBatches(merged), { sequence: sequenceOf(bucket) });
  }

  /** Writes the bucket of buckets and everything else, makes it durable, then the metas, and makes them durable. */
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    // A base that never stood has told its failure to whoever waited for it.
    await this.base.then(
      (base) => base[Symbol.asyncDispose](),
      () => undefined,
    );
  }

  async #rightEdge(name: string): Promise<Continuation> {
    const base = await this.base;
    const bucket = await base.bucket(name);
    if (bucket === undefined) {
      return { sequence: 0n };
    }
    const { spine, inline } = await readRightmostPath(base.pages, bucket);
    const before = inline === undefined ? {} : { before: leafEntries(inline) };
    return { sequence: sequenceOf(bucket), spine, ...before };
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
