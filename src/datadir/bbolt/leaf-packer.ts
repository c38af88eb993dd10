import { type EntryBatch, EntryBatchBuilder } from './entry-batch.ts';
import { BUCKET_FLAG, LEAF_ELEMENT_SIZE } from './leaf.ts';
import { encodePageHeader, MOST_ELEMENTS, PAGE_HEADER_SIZE } from './page.ts';
import type { PageAllocator } from './page-allocator.ts';
import type { PageSink } from './page-sink.ts';
import type { TreeBuilder } from './tree-builder.ts';

/** The entries of a batch that go onto one page. */
interface Slice {
  readonly batch: EntryBatch;
  /** Entries `from`..`to`. */
  readonly from: number;
  readonly to: number;
  /** Their bytes `start`..`end`. */
  readonly start: number;
  readonly end: number;
}

/** Packs entries that arrive in key order into leaf pages that are as full as they can be, and adds these to a tree. */
export class LeafPacker {
  readonly #allocator: PageAllocator;
  readonly #sink: PageSink;
  readonly #tree: TreeBuilder;
  readonly #flags: number;
  /** Entries of the page that is not full yet. */
  readonly #open = new EntryBatchBuilder({ bytes: 0 });

  /** `content` says whether the values are bytes or buckets. */
  constructor(
    allocator: PageAllocator,
    sink: PageSink,
    options: { readonly tree: TreeBuilder; readonly content: 'values' | 'buckets' },
  ) {
    this.#allocator = allocator;
    this.#sink = sink;
    this.#tree = options.tree;
    this.#flags = options.content === 'buckets' ? BUCKET_FLAG : 0;
  }

  /** Adds entries whose keys follow all earlier ones. The batch may be reused afterwards. */
  async append(batch: EntryBatch): Promise<void> {
    let from = 0;
    let start = 0;
    while (from < batch.count) {
      const slice = this.#fitting(batch, from, start);
      if (this.#open.count === 0 && slice.to < batch.count) {
        const written = this.#emit(slice);
        if (written !== undefined) {
          await written;
        }
      } else {
        this.#keep(slice);
        if (slice.to < batch.count) {
          await this.#emitOpen();
        }
      }
      from = slice.to;
      start = slice.end;
    }
  }

  /** Writes the last page. */
  async finish(): Promise<void> {
    if (this.#open.count > 0) {
      await this.#emitOpen();
    }
  }

  /** The entries from `from` on that still fit onto the open page; at least one when that page is empty. */
  #fitting(batch: EntryBatch, from: number, start: number): Slice {
    let size = PAGE_HEADER_SIZE + this.#open.count * LEAF_ELEMENT_SIZE + this.#open.length;
    const most = MOST_ELEMENTS - this.#open.count;
    let to = from;
    let end = start;
    while (to < batch.count && to - from < most) {
      const entry = entrySize(batch, to);
      size += LEAF_ELEMENT_SIZE + entry;
      const pageIsEmpty = this.#open.count === 0 && to === from;
      if (size > this.#sink.pageSize && !pageIsEmpty) {
        break;
      }
      to++;
      end += entry;
    }
    return { batch, from, to, start, end };
  }

  #keep(slice: Slice): void {
    const { batch } = slice;
    let at = slice.start;
    for (let index = slice.from; index < slice.to; index++) {
      const keySize = batch.sizes[index * 2] ?? 0;
      const valueSize = batch.sizes[index * 2 + 1] ?? 0;
      const valueAt = at + keySize;
      this.#open.add(batch.bytes.subarray(at, valueAt), batch.bytes.subarray(valueAt, valueAt + valueSize));
      at = valueAt + valueSize;
    }
  }

  async #emitOpen(): Promise<void> {
    const batch = this.#open.batch();
    await this.#emit({ batch, from: 0, to: batch.count, start: 0, end: batch.bytes.length });
    this.#open.clear();
  }

  /** A promise only where something has to be waited for: there are very many pages. */
  #emit(slice: Slice): Promise<void> | undefined {
    const { from, to, start, end } = slice;
    const size = PAGE_HEADER_SIZE + (to - from) * LEAF_ELEMENT_SIZE + end - start;
    const pages = Math.ceil(size / this.#sink.pageSize);
    const id = this.#allocator.allocate(pages);
    const place = this.#sink.claimPlace(id, pages);
    if (place === undefined) {
      return this.#emitNext(slice, { id, pages });
    }
    this.#write(slice, { id, pages, place });
    return this.#tree.due ? this.#tree.drain() : undefined;
  }

  async #emitNext(slice: Slice, { id, pages }: { readonly id: number; readonly pages: number }): Promise<void> {
    await this.#sink.makeRoom(pages);
    const place = this.#sink.claimPlace(id, pages);
    if (place === undefined) {
      throw new RangeError(`no room for ${pages} pages in an empty buffer`);
    }
    this.#write(slice, { id, pages, place });
    if (this.#tree.due) {
      await this.#tree.drain();
    }
  }

  /** Writes a page to `place` in the memory of the sink. */
  #write(
    { batch, from, to, start, end }: Slice,
    { id, pages, place }: { readonly id: number; readonly pages: number; readonly place: number },
  ): void {
    const { memory, view, pageSize } = this.#sink;
    const { sizes } = batch;
    const tableEnd = PAGE_HEADER_SIZE + (to - from) * LEAF_ELEMENT_SIZE;
    encodePageHeader(view, { id, kind: 'leaf', count: to - from, overflow: pages - 1 }, place);
    let element = PAGE_HEADER_SIZE;
    let at = tableEnd;
    for (let index = from; index < to; index++) {
      const keySize = sizes[index * 2] ?? 0;
      const valueSize = sizes[index * 2 + 1] ?? 0;
      view.setUint32(place + element, this.#flags, true);
      view.setUint32(place + element + 4, at - element, true);
      view.setUint32(place + element + 8, keySize, true);
      view.setUint32(place + element + 12, valueSize, true);
      at += keySize + valueSize;
      element += LEAF_ELEMENT_SIZE;
    }
    memory.set(batch.bytes.subarray(start, end), place + tableEnd);
    memory.fill(0, place + at, place + pages * pageSize);
    const key = Uint8Array.prototype.slice.call(batch.bytes, start, start + (sizes[from * 2] ?? 0));
    this.#tree.add({ key, page: id });
  }
}

function entrySize(batch: EntryBatch, index: number): number {
  return (batch.sizes[index * 2] ?? 0) + (batch.sizes[index * 2 + 1] ?? 0);
}
