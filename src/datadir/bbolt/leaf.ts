import { Damage } from '../damage.ts';
import { compareRanges } from './key-order.ts';
import { PAGE_HEADER_SIZE, type Page } from './page.ts';

/**
 * A leaf page: a table of fixed-size elements after the page header, then keys and values, each value right after its key.
 *
 * ```
 * byte  size  field of an element
 *    0     4  flags: 1 when the value is a bucket
 *    4     4  position of the key, from the start of this element
 *    8     4  size of the key
 *   12     4  size of the value
 * ```
 *
 * Source: bbolt internal/common/page.go.
 */
export const LEAF_ELEMENT_SIZE = 16;

/** Element flag: the value is a nested bucket. */
export const BUCKET_FLAG = 1;

/** A leaf page whose elements are known to lie within it. Keys and values are views into the page. */
export class Leaf {
  readonly page: Page;
  readonly count: number;

  /** Throws {@link Damage} when the page is no leaf, or an element points outside of it or has no key. */
  constructor(page: Page) {
    this.page = page;
    this.count = page.count;
    if (page.kind !== 'leaf') {
      throw new Damage({ ...page, reason: `page ${page.id} is a ${page.kind} page where a leaf is needed` });
    }
    const tableEnd = PAGE_HEADER_SIZE + this.count * LEAF_ELEMENT_SIZE;
    if (tableEnd > page.bytes.length) {
      throw new Damage({ ...page, reason: `page ${page.id} is too short for its ${this.count} elements` });
    }
    for (let index = 0; index < this.count; index++) {
      const start = this.keyStart(index);
      const end = this.valueEnd(index);
      if (start < tableEnd || end > page.bytes.length || this.valueStart(index) === start) {
        throw new Damage({ ...page, reason: `element ${index} of page ${page.id} does not lie within the page` });
      }
    }
  }

  keyStart(index: number): number {
    const element = PAGE_HEADER_SIZE + index * LEAF_ELEMENT_SIZE;
    return element + this.page.view.getUint32(element + 4, true);
  }

  /** Where the value begins, which is where the key ends. */
  valueStart(index: number): number {
    return this.keyStart(index) + this.page.view.getUint32(PAGE_HEADER_SIZE + index * LEAF_ELEMENT_SIZE + 8, true);
  }

  valueEnd(index: number): number {
    return this.valueStart(index) + this.page.view.getUint32(PAGE_HEADER_SIZE + index * LEAF_ELEMENT_SIZE + 12, true);
  }

  isBucket(index: number): boolean {
    return (this.page.view.getUint32(PAGE_HEADER_SIZE + index * LEAF_ELEMENT_SIZE, true) & BUCKET_FLAG) !== 0;
  }

  key(index: number): Uint8Array {
    return this.page.bytes.subarray(this.keyStart(index), this.valueStart(index));
  }

  value(index: number): Uint8Array {
    return this.page.bytes.subarray(this.valueStart(index), this.valueEnd(index));
  }

  /** Index of the first element whose key is `key` or larger; `count` when there is none. */
  lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { bytes } = this.page;
      if (compareRanges(bytes, this.keyStart(middle), this.valueStart(middle), key, 0, key.length) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Index of the element with this key, or undefined. */
  find(key: Uint8Array): number | undefined {
    const index = this.lowerBound(key);
    if (index === this.count) {
      return undefined;
    }
    const { bytes } = this.page;
    const order = compareRanges(bytes, this.keyStart(index), this.valueStart(index), key, 0, key.length);
    return order === 0 ? index : undefined;
  }
}
