import { Damage } from '../damage.ts';
import { compareRanges } from './key-order.ts';
import { PAGE_HEADER_SIZE, type Page } from './page.ts';
import { readU64 } from './u64.ts';

/**
 * A branch page: a table of fixed-size elements after the page header, then the keys. An element's key is the first key
 * below its child.
 *
 * ```
 * byte  size  field of an element
 *    0     4  position of the key, from the start of this element
 *    4     4  size of the key
 *    8     8  page number of the child
 * ```
 *
 * Source: bbolt internal/common/page.go.
 */
export const BRANCH_ELEMENT_SIZE = 16;

/** Levels of a tree: one of 4 KiB pages that is deeper would outgrow every disk, so what goes deeper is a loop. */
export const DEEPEST_TREE = 32;

/** A branch page whose elements are known to lie within it. Keys are views into the page. */
export class Branch {
  readonly page: Page;
  readonly count: number;

  /** Throws {@link Damage} when the page is no branch, is empty, or an element points outside of it or has no key. */
  constructor(page: Page) {
    this.page = page;
    this.count = page.count;
    if (page.kind !== 'branch') {
      throw new Damage({ ...page, reason: `page ${page.id} is a ${page.kind} page where a branch is needed` });
    }
    if (this.count === 0) {
      throw new Damage({ ...page, reason: `branch page ${page.id} has no children` });
    }
    const tableEnd = PAGE_HEADER_SIZE + this.count * BRANCH_ELEMENT_SIZE;
    if (tableEnd > page.bytes.length) {
      throw new Damage({ ...page, reason: `page ${page.id} is too short for its ${this.count} elements` });
    }
    for (let index = 0; index < this.count; index++) {
      const start = this.keyStart(index);
      const end = this.keyEnd(index);
      if (start < tableEnd || end > page.bytes.length || end === start) {
        throw new Damage({ ...page, reason: `element ${index} of page ${page.id} does not lie within the page` });
      }
    }
  }

  keyStart(index: number): number {
    const element = PAGE_HEADER_SIZE + index * BRANCH_ELEMENT_SIZE;
    return element + this.page.view.getUint32(element, true);
  }

  keyEnd(index: number): number {
    return this.keyStart(index) + this.page.view.getUint32(PAGE_HEADER_SIZE + index * BRANCH_ELEMENT_SIZE + 4, true);
  }

  key(index: number): Uint8Array {
    return this.page.bytes.subarray(this.keyStart(index), this.keyEnd(index));
  }

  /** Page number of the child. */
  child(index: number): number {
    return readU64(this.page.view, PAGE_HEADER_SIZE + index * BRANCH_ELEMENT_SIZE + 8);
  }

  /** Index of the child below which `key` belongs: the last one whose key is not larger, or the first. */
  childFor(key: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { bytes } = this.page;
      if (compareRanges(bytes, this.keyStart(middle), this.keyEnd(middle), key, 0, key.length) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }
}
