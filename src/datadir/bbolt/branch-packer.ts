import { BRANCH_ELEMENT_SIZE } from './branch.ts';
import { encodePageHeader, MOST_ELEMENTS, PAGE_HEADER_SIZE } from './page.ts';
import type { PageAllocator } from './page-allocator.ts';
import type { PageSink } from './page-sink.ts';
import { writeU64 } from './u64.ts';

/** A page and the first key below it. */
export interface Child {
  readonly key: Uint8Array;
  readonly page: number;
}

/** bbolt merges a page that became empty with a sibling and panics without one, so a branch needs two children. */
const FEWEST_CHILDREN = 2;

/** Packs the children of one level of a tree into branch pages that are as full as they can be, none with a single child. */
export class BranchPacker {
  readonly #allocator: PageAllocator;
  readonly #sink: PageSink;
  #pending: Child[] = [];
  #pendingSize = PAGE_HEADER_SIZE;
  #emitted = 0;

  constructor(allocator: PageAllocator, sink: PageSink) {
    this.#allocator = allocator;
    this.#sink = sink;
  }

  /** True when pages can be written by {@link emitFull}. */
  get due(): boolean {
    return this.#pendingSize > 2 * this.#sink.pageSize;
  }

  /** The only child that was ever added; then no level is needed above it. */
  get only(): Child | undefined {
    return this.#emitted === 0 && this.#pending.length === 1 ? this.#pending[0] : undefined;
  }

  /** Adds the next child in key order. The key is kept, not copied. */
  add(child: Child): void {
    this.#pending.push(child);
    this.#pendingSize += BRANCH_ELEMENT_SIZE + child.key.length;
  }

  /** Writes full pages and gives them in order; the remaining children wait for more. */
  async emitFull(): Promise<readonly Child[]> {
    const pages: Child[] = [];
    while (this.due && this.#pending.length >= 2 * FEWEST_CHILDREN) {
      pages.push(await this.#emit(Math.min(this.#fitting(), this.#pending.length - FEWEST_CHILDREN)));
    }
    return pages;
  }

  /** Writes all that is left. */
  async emitRest(): Promise<readonly Child[]> {
    const pages: Child[] = [];
    while (this.#pending.length > 0) {
      const rest = this.#pending.length - this.#fitting();
      const keepBack = rest > 0 && this.#pending.length >= 2 * FEWEST_CHILDREN ? Math.max(rest, FEWEST_CHILDREN) : 0;
      pages.push(await this.#emit(this.#pending.length - keepBack));
    }
    return pages;
  }

  /** How many of the first pending children one page holds, at least two. */
  #fitting(): number {
    let size = PAGE_HEADER_SIZE;
    let count = 0;
    for (const child of this.#pending) {
      size += BRANCH_ELEMENT_SIZE + child.key.length;
      if (count >= FEWEST_CHILDREN && (size > this.#sink.pageSize || count === MOST_ELEMENTS)) {
        break;
      }
      count++;
    }
    return count;
  }

  async #emit(count: number): Promise<Child> {
    const children = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    const keys = children.reduce((sum, child) => sum + child.key.length, 0);
    const size = PAGE_HEADER_SIZE + count * BRANCH_ELEMENT_SIZE + keys;
    this.#pendingSize -= size - PAGE_HEADER_SIZE;
    const pages = Math.ceil(size / this.#sink.pageSize);
    const id = this.#allocator.allocate(pages);
    const bytes = this.#sink.claim(id, pages) ?? (await this.#sink.claimNext(id, pages));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    encodePageHeader(view, { id, kind: 'branch', count, overflow: pages - 1 });
    let element = PAGE_HEADER_SIZE;
    let at = PAGE_HEADER_SIZE + count * BRANCH_ELEMENT_SIZE;
    for (const child of children) {
      view.setUint32(element, at - element, true);
      view.setUint32(element + 4, child.key.length, true);
      writeU64(view, element + 8, child.page);
      bytes.set(child.key, at);
      at += child.key.length;
      element += BRANCH_ELEMENT_SIZE;
    }
    this.#emitted++;
    return { key: children[0]?.key ?? new Uint8Array(0), page: id };
  }
}
