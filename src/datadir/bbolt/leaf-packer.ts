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
        await this.#emit(slice);
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

  async #emit(slice: Slice): Promise<void> {
    const { batch, from, to, start, end } = slice;
    const count = to - from;
    const tableEnd = PAGE_HEADER_SIZE + count * LEAF_ELEMENT_SIZE;
    const pages = Math.ceil((tableEnd + end - start) / this.#sink.pageSize);
    const id = this.#allocator.allocate(pages);
    const page = this.#sink.claim(id, pages) ?? (await this.#sink.claimNext(id, pages));
    const view = new DataView(page.buffer, page.byteOffset, page.length);
    encodePageHeader(view, { id, kind: 'leaf', count, overflow: pages - 1 });
    let element = PAGE_HEADER_SIZE;
    let at = tableEnd;
    for (let index = from; index < to; index++) {
      const keySize = batch.sizes[index * 2] ?? 0;
      const valueSize = batch.sizes[index * 2 + 1] ?? 0;
      view.setUint32(element, this.#flags, true);
      view.setUint32(element + 4, at - element, true);
      view.setUint32(element + 8, keySize, true);
      view.setUint32(element + 12, valueSize, true);
      at += keySize + valueSize;
      element += LEAF_ELEMENT_SIZE;
    }
    page.set(batch.bytes.subarray(start, end), tableEnd);
    this.#tree.add({
      key: new Uint8Array(batch.bytes.subarray(start, start + (batch.sizes[from * 2] ?? 0))),
      page: id,
    });
    if (this.#tree.due) {
      await this.#tree.drain();
    }
  }
}

function entrySize(batch: EntryBatch, index: number): number {
  return (batch.sizes[index * 2] ?? 0) + (batch.sizes[index * 2 + 1] ?? 0);
}
