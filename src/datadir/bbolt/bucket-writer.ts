import type { FileHandle } from 'node:fs/promises';
import type { WriteBehind } from '../../fs/write-behind.ts';
import type { Child } from './branch-packer.ts';
import type { Entry } from './bucket.ts';
import { encodeBucketHeader } from './bucket-header.ts';
import { writeEmptyPage } from './empty-page.ts';
import type { EntryBatch } from './entry-batch.ts';
import { inBatches } from './entry-stream.ts';
import { compareKeys } from './key-order.ts';
import { LeafPacker } from './leaf-packer.ts';
import { PageAllocator } from './page-allocator.ts';
import { PageSink } from './page-sink.ts';
import { TreeBuilder } from './tree-builder.ts';

/** What the new pages of a bucket follow. */
export interface Continuation {
  readonly sequence: bigint;
  /** Children of the rightmost branch pages, see RightmostPath; left out for a new tree. */
  readonly levels?: readonly (readonly Child[])[];
  /** Entries that come first and have to be written anew, as they have no page of their own, see RightmostPath. */
  readonly before?: Iterable<Entry>;
}

const NEW_BUCKET: Continuation = { sequence: 0n };

/** Leaves that may wait until it is known what they follow; each takes about 200 bytes. */
const MOST_WAITING = 20_000;

/** A bucket whose pages are written. */
interface WrittenBucket {
  readonly name: Uint8Array;
  readonly root: number;
  readonly sequence: bigint;
}

/** Writes whole buckets into new pages of a file, one bucket after the other, in ascending page order. */
export class BucketWriter {
  readonly #allocator: PageAllocator;
  readonly #sink: PageSink;
  /** By name in latin1. */
  readonly #written = new Map<string, WrittenBucket>();

  /** Pages begin at `highWater`. `behind` syncs them meanwhile; left out, they are not synced. */
  constructor(
    handle: FileHandle,
    options: { readonly pageSize: number; readonly highWater: number; readonly behind?: WriteBehind | undefined },
  ) {
    this.#allocator = new PageAllocator(options);
    this.#sink = new PageSink(handle, options);
  }

  /** The first page number that is not used yet. */
  get highWater(): number {
    return this.#allocator.highWater;
  }

  /** True when this bucket was written. */
  has(name: Uint8Array): boolean {
    return this.#written.has(latin1(name));
  }

  /**
   * Writes a bucket, whose entries have to come in key order. `after` may resolve while they are written.
   * A bucket can be written once; throws a RangeError the second time.
   */
  async write(
    name: Uint8Array,
    batches: Iterable<EntryBatch> | AsyncIterable<EntryBatch>,
    after: Continuation | Promise<Continuation> = NEW_BUCKET,
  ): Promise<void> {
    if (this.has(name)) {
      throw new RangeError(`the bucket ${latin1(name)} is written already`);
    }
    const written = await this.#tree(batches, { content: 'values', after });
    this.#written.set(latin1(name), { name, ...written });
  }

  /** The entries of the written buckets for the bucket of buckets, in order of their names. */
  headers(): readonly Entry[] {
    return [...this.#written.values()]
      .map(({ name, root, sequence }) => ({ key: name, value: encodeBucketHeader({ page: root, sequence }) }))
      .toSorted((a, b) => compareKeys(a.key, b.key));
  }

  /** Writes the bucket of buckets and gives the page number of its root. */
  async writeRoot(headers: Iterable<Entry> | AsyncIterable<Entry>): Promise<number> {
    return (await this.#tree(inBatches(headers), { content: 'buckets', after: NEW_BUCKET })).root;
  }

  /** Writes a freelist that names no page, and gives its page number. */
  async writeFreelist(): Promise<number> {
    return await writeEmptyPage('freelist', this.#allocator, this.#sink);
  }

  /** Waits until everything is in the file. It is not durable yet. */
  async end(): Promise<void> {
    await this.#sink.end();
  }

  async #tree(
    batches: Iterable<EntryBatch> | AsyncIterable<EntryBatch>,
    options: { readonly content: 'values' | 'buckets'; readonly after: Continuation | Promise<Continuation> },
  ): Promise<Omit<WrittenBucket, 'name'>> {
    const tree = new TreeBuilder(this.#allocator, this.#sink);
    const packer = new LeafPacker(this.#allocator, this.#sink, { tree, content: options.content });
    let known = options.after instanceof Promise ? undefined : options.after;
    const after = Promise.resolve(options.after).then((continuation) => {
      known = continuation;
      return continuation;
    });
    // It is awaited below; until then a failure must not count as unhandled.
    after.catch(() => undefined);
    let joined = false;
    for await (const batch of batches) {
      await packer.append(batch);
      if (!joined && (known !== undefined || tree.waiting.length > MOST_WAITING)) {
        await this.#join(tree, await after);
        joined = true;
      }
    }
    await packer.finish();
    const { sequence, ...continuation } = await after;
    if (!joined) {
      await this.#join(tree, { sequence, ...continuation });
    }
    return { root: await tree.finish(), sequence };
  }

  async #join(tree: TreeBuilder, { levels = [], before = [] }: Continuation): Promise<void> {
    const leaves = new TreeBuilder(this.#allocator, this.#sink);
    const packer = new LeafPacker(this.#allocator, this.#sink, { tree: leaves, content: 'values' });
    for await (const batch of inBatches(before)) {
      await packer.append(batch);
    }
    await packer.finish();
    const [lowest = [], ...upper] = levels;
    tree.continueFrom(leaves.waiting.length === 0 ? levels : [[...lowest, ...leaves.waiting], ...upper]);
  }
}

function latin1(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
}
