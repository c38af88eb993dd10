import { Damage } from '../damage.ts';
import { Branch } from './branch.ts';
import { decodeBucketHeader } from './bucket-header.ts';
import type { Database } from './database.ts';
import { decodeFreelist } from './freelist.ts';
import { compareRanges } from './key-order.ts';
import { Leaf } from './leaf.ts';
import type { Page } from './page.ts';
import { PageSet } from './page-set.ts';

const MOST_REPORTED = 20;

/** What a check found. */
export interface CheckReport {
  /** At most 20; none when the database is sound. */
  readonly damages: readonly Damage[];
  /** Pages in use, metas and freelist included. */
  readonly usedPages: PageSet;
  /** Pages below the high water mark that nothing uses. */
  readonly freePages: number;
}

/** What a check calls while it walks; only sound pages are shown, in key order. */
export interface CheckVisitor {
  /** A bucket begins. `path` is its name and those of the buckets around it, outermost first. */
  bucket?(path: readonly Uint8Array[]): void;
  /** A leaf page of the bucket that began last, or of the one around it. May throw {@link Damage}, which is reported. */
  leaf?(path: readonly Uint8Array[], leaf: Leaf): void;
}

/**
 * Walks every page in use and reports whatever contradicts the format: pages out of bounds, of a wrong kind or number,
 * used twice, used though free, neither used nor free (when the file keeps a freelist), elements outside of their page,
 * keys out of order within a page or against the branches above. The same rules as `bbolt check`.
 */
export async function checkDatabase(
  database: Database,
  options: { readonly signal: AbortSignal; readonly visitor?: CheckVisitor },
): Promise<CheckReport> {
  const walk = new CheckWalk(database, options);
  return await walk.run();
}

interface KeyBounds {
  /** Every key is this or larger. */
  readonly min: Uint8Array | undefined;
  /** Every key is smaller. */
  readonly below: Uint8Array | undefined;
}

const UNBOUNDED: KeyBounds = { min: undefined, below: undefined };

class CheckWalk {
  readonly #database: Database;
  readonly #signal: AbortSignal;
  readonly #visitor: CheckVisitor;
  readonly #used: PageSet;
  readonly #freed: PageSet;
  readonly #damages: Damage[] = [];
  #usedCount = 0;

  constructor(database: Database, options: { readonly signal: AbortSignal; readonly visitor?: CheckVisitor }) {
    this.#database = database;
    this.#signal = options.signal;
    this.#visitor = options.visitor ?? {};
    this.#used = new PageSet(database.meta.highWater);
    this.#freed = new PageSet(database.meta.highWater);
  }

  async run(): Promise<CheckReport> {
    const { highWater, root, freelist } = this.#database.meta;
    this.#use(0);
    this.#use(1);
    if (freelist !== undefined) {
      await this.#guard(() => this.#readFreelist(freelist));
    }
    await this.#guard(() => this.#tree(root.page, []));
    if (freelist !== undefined && this.#damages.length === 0) {
      this.#findLostPages();
    }
    return { damages: this.#damages, usedPages: this.#used, freePages: highWater - this.#usedCount };
  }

  async #readFreelist(id: number): Promise<void> {
    const page = await this.#database.pages.page(id);
    this.#claim(page);
    for (const free of decodeFreelist(page)) {
      if (free < 2 || !this.#freed.add(free)) {
        throw new Damage({ ...page, reason: `the freelist names page ${free}, which is out of bounds or named twice` });
      }
    }
  }

  async #tree(id: number, path: readonly Uint8Array[]): Promise<void> {
    await this.#page(id, UNBOUNDED, path);
  }

  /** Checks a page and all below it; returns a copy of its last key. */
  async #page(id: number, bounds: KeyBounds, path: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
    this.#signal.throwIfAborted();
    const page = await this.#database.pages.page(id);
    this.#claim(page);
    if (page.kind !== 'branch') {
      return this.#leaf(new Leaf(page), bounds, path);
    }
    const branch = new Branch(page);
    let last = bounds.min;
    for (let index = 0; index < branch.count; index++) {
      checkBranchOrder(branch, index, { min: last, below: bounds.below });
      const below = index + 1 < branch.count ? branch.key(index + 1) : bounds.below;
      const min = branch.key(index);
      await this.#guard(async () => {
        last = (await this.#page(branch.child(index), { min, below }, path)) ?? min;
      });
    }
    return last;
  }

  async #leaf(leaf: Leaf, bounds: KeyBounds, path: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
    checkLeafOrder(leaf, bounds);
    if (this.#damages.length === 0) {
      this.#visitor.leaf?.(path, leaf);
    }
    for (let index = 0; index < leaf.count; index++) {
      if (leaf.isBucket(index)) {
        await this.#guard(() => this.#nested(leaf, index, path));
      }
    }
    return leaf.count === 0 ? undefined : Uint8Array.from(leaf.key(leaf.count - 1));
  }

  async #nested(leaf: Leaf, index: number, outer: readonly Uint8Array[]): Promise<void> {
    const path = [...outer, Uint8Array.from(leaf.key(index))];
    const origin = { file: leaf.page.file, offset: leaf.page.offset + leaf.valueStart(index) };
    const root = decodeBucketHeader(leaf.value(index), origin);
    if (this.#damages.length === 0) {
      this.#visitor.bucket?.(path);
    }
    if (root.at === 'page') {
      await this.#tree(root.page, path);
      return;
    }
    const inline = new Leaf(root.leaf);
    for (let at = 0; at < inline.count; at++) {
      if (inline.isBucket(at)) {
        throw new Damage({ ...origin, reason: 'an inline bucket holds a bucket, which bbolt never writes' });
      }
    }
    await this.#leaf(inline, UNBOUNDED, path);
  }

  #claim(page: Page): void {
    for (let id = page.id; id <= page.id + page.overflow; id++) {
      if (!this.#use(id)) {
        throw new Damage({ ...page, reason: `page ${id} is used twice` });
      }
      if (this.#freed.has(id)) {
        throw new Damage({ ...page, reason: `page ${id} is in use and on the freelist` });
      }
    }
  }

  #use(id: number): boolean {
    this.#usedCount++;
    return this.#used.add(id);
  }

  #findLostPages(): void {
    const { highWater, pageSize } = this.#database.meta;
    for (let id = 2; id < highWater && this.#damages.length < MOST_REPORTED; id++) {
      if (!this.#used.has(id) && !this.#freed.has(id)) {
        const reason = `page ${id} is neither in use nor on the freelist`;
        this.#damages.push(new Damage({ file: this.#database.path, offset: id * pageSize, reason }));
      }
    }
  }

  /** Keeps damage for the report and lets the walk go on beside it. */
  async #guard(step: () => Promise<void>): Promise<void> {
    if (this.#damages.length >= MOST_REPORTED) {
      return;
    }
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Damage)) {
        throw error;
      }
      this.#damages.push(error);
    }
  }
}

function checkLeafOrder(leaf: Leaf, bounds: KeyBounds): void {
  const { bytes } = leaf.page;
  for (let index = 0; index < leaf.count; index++) {
    const start = leaf.keyStart(index);
    const end = leaf.valueStart(index);
    if (index === 0) {
      const { min } = bounds;
      if (min !== undefined && compareRanges(min, 0, min.length, bytes, start, end) > 0) {
        throw new Damage({ ...leaf.page, reason: `the first key of page ${leaf.page.id} is below its branch's` });
      }
    } else if (compareRanges(bytes, leaf.keyStart(index - 1), leaf.valueStart(index - 1), bytes, start, end) >= 0) {
      throw new Damage({ ...leaf.page, reason: `key ${index} of page ${leaf.page.id} is not above the one before it` });
    }
  }
  const { below } = bounds;
  const last = leaf.count - 1;
  if (below !== undefined && last >= 0) {
    if (compareRanges(bytes, leaf.keyStart(last), leaf.valueStart(last), below, 0, below.length) >= 0) {
      throw new Damage({
        ...leaf.page,
        reason: `the last key of page ${leaf.page.id} is not below the next branch key`,
      });
    }
  }
}

function checkBranchOrder(branch: Branch, index: number, bounds: KeyBounds): void {
  const { bytes } = branch.page;
  const start = branch.keyStart(index);
  const end = branch.keyEnd(index);
  const { min, below } = bounds;
  if (min !== undefined) {
    const order = compareRanges(min, 0, min.length, bytes, start, end);
    if (order > 0 || (order === 0 && index > 0)) {
      throw new Damage({
        ...branch.page,
        reason: `key ${index} of page ${branch.page.id} is not above the keys before it`,
      });
    }
  }
  if (below !== undefined && compareRanges(bytes, start, end, below, 0, below.length) >= 0) {
    throw new Damage({
      ...branch.page,
      reason: `key ${index} of page ${branch.page.id} is not below the next branch key`,
    });
  }
}
