import { Damage } from '../damage.ts';
import { Branch, DEEPEST_TREE } from './branch.ts';
import { type BucketRoot, decodeBucketHeader } from './bucket-header.ts';
import { Leaf } from './leaf.ts';
import type { Page } from './page.ts';
import type { PageReader } from './page-reader.ts';

/** One key and its value, views into a page. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Reads one bucket: a B+ tree of branch and leaf pages, or one inline leaf. All methods throw {@link Damage}. */
export class Bucket {
  readonly root: BucketRoot;
  readonly #pages: PageReader;

  constructor(pages: PageReader, root: BucketRoot) {
    this.#pages = pages;
    this.root = root;
  }

  /** Leaf pages in key order; with `from`, from the page on where that key would be. */
  async *leaves(options: { readonly signal: AbortSignal; readonly from?: Uint8Array }): AsyncGenerator<Leaf, void> {
    let left = this.#pages.meta.highWater;
    const stack: { readonly branch: Branch; next: number }[] = [];
    let page: Page | undefined = await this.#rootPage();
    let from = options.from;
    while (page !== undefined) {
      options.signal.throwIfAborted();
      if (--left < 0 || stack.length > DEEPEST_TREE) {
        throw new Damage({ ...page, reason: `page ${page.id} is part of a loop` });
      }
      if (page.kind === 'branch') {
        const branch = new Branch(page);
        stack.push({ branch, next: from === undefined ? 0 : branch.childFor(from) });
      } else {
        yield new Leaf(page);
        from = undefined;
      }
      page = await this.#nextChild(stack);
    }
  }

  /** The last leaf page that has an element, or undefined when the bucket is empty. */
  async lastLeaf(): Promise<Leaf | undefined> {
    let page = await this.#rootPage();
    for (let depth = 0; depth <= DEEPEST_TREE; depth++) {
      if (page.kind !== 'branch') {
        const leaf = new Leaf(page);
        return leaf.count === 0 ? undefined : leaf;
      }
      const branch = new Branch(page);
      page = await this.#pages.page(branch.child(branch.count - 1));
    }
    throw new Damage({ ...page, reason: `page ${page.id} is part of a loop` });
  }

  /** The entry with the largest key, or undefined. */
  async last(): Promise<Entry | undefined> {
    const leaf = await this.lastLeaf();
    return leaf === undefined ? undefined : { key: leaf.key(leaf.count - 1), value: leaf.value(leaf.count - 1) };
  }

  /** The value of `key`, or undefined when it is absent or a bucket. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const found = await this.#find(key);
    return found === undefined || found.leaf.isBucket(found.index) ? undefined : found.leaf.value(found.index);
  }

  /** The nested bucket of that name, or undefined. */
  async bucket(name: Uint8Array): Promise<Bucket | undefined> {
    const found = await this.#find(name);
    if (found === undefined || !found.leaf.isBucket(found.index)) {
      return undefined;
    }
    return nestedBucket(this.#pages, found.leaf, found.index);
  }

  async #find(key: Uint8Array): Promise<{ leaf: Leaf; index: number } | undefined> {
    let page = await this.#rootPage();
    for (let depth = 0; depth <= DEEPEST_TREE; depth++) {
      if (page.kind !== 'branch') {
        const leaf = new Leaf(page);
        const index = leaf.find(key);
        return index === undefined ? undefined : { leaf, index };
      }
      const branch = new Branch(page);
      page = await this.#pages.page(branch.child(branch.childFor(key)));
    }
    throw new Damage({ ...page, reason: `page ${page.id} is part of a loop` });
  }

  async #rootPage(): Promise<Page> {
    return this.root.at === 'inline' ? this.root.leaf : await this.#pages.page(this.root.page);
  }

  async #nextChild(stack: { readonly branch: Branch; next: number }[]): Promise<Page | undefined> {
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next < top.branch.count) {
        return this.#pages.page(top.branch.child(top.next++));
      }
      stack.pop();
    }
    return undefined;
  }
}

/** The bucket that element `index` of `leaf` holds. Throws {@link Damage} when its header is not sound. */
function nestedBucket(pages: PageReader, leaf: Leaf, index: number): Bucket {
  const origin = { file: leaf.page.file, offset: leaf.page.offset + leaf.valueStart(index) };
  return new Bucket(pages, decodeBucketHeader(leaf.value(index), origin));
}
