import { type FileHandle, open } from 'node:fs/promises';
import type { Entry } from './bucket.ts';
import { encodeBucketHeader } from './bucket-header.ts';
import { Database } from './database.ts';
import type { EntryBatch } from './entry-batch.ts';
import { bucketEntries, inBatches, leafEntries, mergeEntries } from './entry-stream.ts';
import { compareKeys } from './key-order.ts';
import { LeafPacker } from './leaf-packer.ts';
import { encodeMeta, type Meta } from './meta.ts';
import { PageAllocator } from './page-allocator.ts';
import { PageSink } from './page-sink.ts';
import { readRightEdge } from './right-edge.ts';
import { TreeBuilder } from './tree-builder.ts';

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
  readonly #allocator: PageAllocator;
  readonly #sink: PageSink;
  /** New roots of buckets, by name in latin1. */
  readonly #roots = new Map<string, number>();

  private constructor(base: Database, handle: FileHandle) {
    this.base = base;
    this.#handle = handle;
    this.#allocator = new PageAllocator({ highWater: base.meta.highWater });
    this.#sink = new PageSink(handle, base.meta.pageSize);
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
    return this.#allocator.highWater * this.base.meta.pageSize;
  }

  /**
   * Adds entries behind the last key of a bucket, which is created if it does not exist. Their keys have to be in order
   * and above that last key. A bucket is changed at most once in a graft.
   */
  async append(name: string, batches: AsyncIterable<EntryBatch>): Promise<void> {
    const bucket = await this.base.bucket(name);
    const edge = bucket === undefined ? { spine: [] } : await readRightEdge(this.base.pages, bucket);
    const tree = new TreeBuilder(this.#allocator, this.#sink, edge.spine);
    const packer = new LeafPacker(this.#allocator, this.#sink, { tree, content: 'values' });
    if (edge.inline !== undefined) {
      await append(packer, leafEntries(edge.inline));
    }
    for await (const batch of batches) {
      await packer.append(batch);
    }
    await this.#finish(name, { tree, packer });
  }

  /** Makes `entries`, in key order, the whole contents of a bucket, which is created if it does not exist. */
  async replace(name: string, entries: readonly Entry[]): Promise<void> {
    await this.#build(name, entries);
  }

  /** Sets `entries`, in key order, in a bucket beside what it holds; same keys get the new value. */
  async merge(name: string, entries: readonly Entry[], options: { readonly signal: AbortSignal }): Promise<void> {
    const bucket = await this.base.bucket(name);
    await this.#build(name, bucket === undefined ? entries : mergeEntries(bucketEntries(bucket, options), entries));
  }

  /** Writes the bucket of buckets and everything else, makes it durable, then the metas, and makes them durable. */
  async commit(options: { readonly signal: AbortSignal }): Promise<void> {
    const { meta } = this.base;
    const root = await this.#writeRoot(options);
    await this.#sink.end();
    await this.#handle.sync();
    options.signal.throwIfAborted();
    await writeMetas(this.#handle, {
      pageSize: meta.pageSize,
      root: { page: root, sequence: meta.root.sequence },
      freelist: undefined,
      highWater: this.#allocator.highWater,
      transaction: meta.transaction + 1,
    });
    await this.#handle.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    await this.base[Symbol.asyncDispose]();
  }

  async #build(name: string, entries: Iterable<Entry> | AsyncIterable<Entry>): Promise<void> {
    const tree = new TreeBuilder(this.#allocator, this.#sink);
    const packer = new LeafPacker(this.#allocator, this.#sink, { tree, content: 'values' });
    await append(packer, entries);
    await this.#finish(name, { tree, packer });
  }

  async #finish(name: string, written: { readonly tree: TreeBuilder; readonly packer: LeafPacker }): Promise<void> {
    await written.packer.finish();
    this.#roots.set(name, await written.tree.finish());
  }

  async #writeRoot(options: { readonly signal: AbortSignal }): Promise<number> {
    const changed: Entry[] = [];
    for (const [name, page] of this.#roots) {
      const sequence = (await this.base.bucket(name))?.root.sequence ?? 0n;
      changed.push({ key: Buffer.from(name, 'latin1'), value: encodeBucketHeader({ page, sequence }) });
    }
    changed.sort((a, b) => compareKeys(a.key, b.key));
    const tree = new TreeBuilder(this.#allocator, this.#sink);
    const packer = new LeafPacker(this.#allocator, this.#sink, { tree, content: 'buckets' });
    await append(packer, mergeEntries(bucketEntries(this.base.root, { ...options, content: 'buckets' }), changed));
    await packer.finish();
    return await tree.finish();
  }
}

async function append(packer: LeafPacker, entries: Iterable<Entry> | AsyncIterable<Entry>): Promise<void> {
  for await (const batch of inBatches(entries)) {
    await packer.append(batch);
  }
}

/**
 * Both slots get the new state, so that no reader falls back to the old one when a slot is unreadable. Each stands where
 * its transaction number's parity puts it, and the higher number wins, as after two transactions in a row.
 */
async function writeMetas(handle: FileHandle, meta: Meta): Promise<void> {
  for (const transaction of [meta.transaction, meta.transaction + 1]) {
    const page = Buffer.alloc(meta.pageSize);
    const id = transaction % 2 === 0 ? 0 : 1;
    encodeMeta(new DataView(page.buffer, page.byteOffset, page.length), id, { ...meta, transaction });
    await handle.write(page, 0, page.length, id * meta.pageSize);
  }
}
