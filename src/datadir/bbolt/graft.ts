import { type FileHandle, open } from 'node:fs/promises';
import type { Bucket, Entry } from './bucket.ts';
import { BucketWriter } from './bucket-writer.ts';
import { Database } from './database.ts';
import type { EntryBatch } from './entry-batch.ts';
import { bucketEntries, inBatches, leafEntries, mergeEntries } from './entry-stream.ts';
import { writeMetas } from './meta-pages.ts';
import { type RightEdge, readRightEdge } from './right-edge.ts';

/**
 * Changes an existing database by adding pages behind it: whatever it held stays where it is, byte for byte.
 * Nothing counts until {@link commit} has written the metas; before that the file still is the old database.
 *
 * Afterwards the file keeps no freelist. bbolt then finds free pages by itself when it opens the file,
 * as it does for every database that etcd writes.
 */
export class Graft implements AsyncDisposable {
  /** The database as it was. */
  readonly base: Database;
  readonly #handle: FileHandle;
  readonly #writer: BucketWriter;

  private constructor(base: Database, handle: FileHandle) {
    this.base = base;
    this.#handle = handle;
    this.#writer = new BucketWriter(handle, base.meta);
  }

  /** Opens `path` for grafting. Throws {@link Damage} when it is no sound bbolt file. */
  static async open(path: string): Promise<Graft> {
    const base = await Database.open(path);
    try {
      return new Graft(base, await open(path, 'r+'));
    } catch (error) {
      await base[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Bytes the database has by now. */
  get size(): number {
    return this.#writer.highWater * this.base.meta.pageSize;
  }

  /**
   * Adds entries behind the last key of a bucket, which is created if it does not exist. Their keys have to be in order
   * and above that last key. A bucket is changed at most once in a graft.
   */
  async append(name: string, batches: AsyncIterable<EntryBatch>): Promise<void> {
    const bucket = await this.base.bucket(name);
    const edge = bucket === undefined ? { spine: [] } : await readRightEdge(this.base.pages, bucket);
    const kept = edge.inline === undefined ? [] : inBatches(leafEntries(edge.inline));
    await this.#write(name, inTurn<EntryBatch>(kept, batches), { bucket, spine: edge.spine });
  }

  /** Makes `entries`, in key order, the whole contents of a bucket, which is created if it does not exist. */
  async replace(name: string, entries: readonly Entry[]): Promise<void> {
    await this.#write(name, inBatches(entries), { bucket: await this.base.bucket(name), spine: [] });
  }

  /** Sets `entries`, in key order, in a bucket beside what it holds; same keys get the new value. */
  async merge(name: string, entries: readonly Entry[], options: { readonly signal: AbortSignal }): Promise<void> {
    const bucket = await this.base.bucket(name);
    const merged = bucket === undefined ? entries : mergeEntries(bucketEntries(bucket, options), entries);
    await this.#write(name, inBatches(merged), { bucket, spine: [] });
  }

  /** Writes the bucket of buckets and everything else, makes it durable, then the metas, and makes them durable. */
  async commit(options: { readonly signal: AbortSignal }): Promise<void> {
    const { meta } = this.base;
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
    await this.base[Symbol.asyncDispose]();
  }

  /** Writes a bucket anew, or the part of it that follows `spine`; `bucket` is what stood there before. */
  async #write(
    name: string,
    batches: AsyncIterable<EntryBatch>,
    from: { readonly bucket: Bucket | undefined; readonly spine: RightEdge['spine'] },
  ): Promise<void> {
    const sequence = from.bucket?.root.sequence ?? 0n;
    await this.#writer.write(Buffer.from(name, 'latin1'), batches, { sequence, spine: from.spine });
  }

  async #writeRoot(options: { readonly signal: AbortSignal }): Promise<number> {
    const kept = bucketEntries(this.base.root, { ...options, content: 'buckets' });
    return await this.#writer.writeRoot(mergeEntries(kept, this.#writer.headers()));
  }
}

async function* inTurn<T>(...sources: readonly (Iterable<T> | AsyncIterable<T>)[]): AsyncGenerator<T, void> {
  for (const source of sources) {
    yield* source;
  }
}
