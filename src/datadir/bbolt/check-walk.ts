import { setImmediate } from 'node:timers/promises';
import { Damage } from '../damage.ts';
import { decodeBucketHeader } from './bucket-header.ts';
import type { CheckVisitor } from './check-visitor.ts';
import type { Database } from './database.ts';
import { decodeFreelist } from './freelist.ts';
import { checkLeafOrder, type KeyBounds, UNBOUNDED } from './key-bounds.ts';
import { Leaf } from './leaf.ts';
import type { LeafChecker, RecordKind, SoundLeaf } from './leaf-page-checker.ts';
import { isInSample, recheckLeaves } from './leaf-recheck.ts';
import { FIRST_DATA_PAGE, type Page } from './page.ts';
import { PageGroupReader } from './page-group.ts';
import { PageSet } from './page-set.ts';
import { type CheckedLeaves, type TreeWalkHooks, walkTree } from './tree-walk.ts';

const MOST_REPORTED = 20;
/** Branches whose leaves are checked one after the other before other work of this thread has its turn. */
const BRANCHES_IN_A_ROW = 8;
const NONE: readonly number[] = [];

/** What a check found. */
export interface CheckReport {
  /** At most 20; none when the database is sound. */
  readonly damages: readonly Damage[];
  /** Pages in use, metas and freelist included. */
  readonly usedPages: PageSet;
  /** Pages below the high water mark that nothing uses. */
  readonly freePages: number;
}

/** How a walk is made. */
export interface CheckWalkOptions {
  readonly signal: AbortSignal;
  readonly visitor?: CheckVisitor | undefined;
  /** Makes what checks leaves together; asked once, when there are any. Left out, each leaf is checked by itself. */
  readonly newLeafChecker?: (() => LeafChecker) | undefined;
  readonly recheck?: 'none' | 'sample' | undefined;
}

/** One check of a database. */
export class CheckWalk {
  readonly #database: Database;
  readonly #signal: AbortSignal;
  readonly #visitor: CheckVisitor;
  readonly #used: PageSet;
  readonly #freed: PageSet;
  readonly #damages: Damage[] = [];
  readonly #groups: PageGroupReader;
  readonly #newLeafChecker: (() => LeafChecker) | undefined;
  readonly #recheck: 'none' | 'sample';
  #leafChecker: LeafChecker | undefined;
  #usedCount = 0;
  /** Branches whose leaves were checked together. */
  #checkedBranches = 0;

  constructor(database: Database, options: CheckWalkOptions) {
    this.#database = database;
    this.#signal = options.signal;
    this.#visitor = options.visitor ?? {};
    this.#newLeafChecker = options.newLeafChecker;
    this.#recheck = options.recheck ?? 'none';
    this.#used = new PageSet(database.meta.highWater);
    this.#freed = new PageSet(database.meta.highWater);
    this.#groups = new PageGroupReader(database.pages);
  }

  /** Walks the database; may be called once. */
  async run(): Promise<CheckReport> {
    const { highWater, root, freelist } = this.#database.meta;
    await this.#metaHeader(0);
    await this.#metaHeader(1);
    if (freelist !== undefined) {
      await this.#readFreelist(freelist);
    }
    await this.#tree(root.page, []);
    if (freelist !== undefined && this.#damages.length === 0) {
      this.#findLostPages();
    }
    return { damages: this.#damages, usedPages: this.#used, freePages: highWater - this.#usedCount };
  }

  /**
   * A database is opened by what its metas hold, whatever their headers say; `bbolt check` looks at these, too. A meta that
   * was torn by a crash says nothing any more: the other one is there for that.
   */
  async #metaHeader(id: 0 | 1): Promise<void> {
    const { pages, path, meta, tornMeta } = this.#database;
    this.#use(id);
    if (tornMeta?.offset === id * meta.pageSize) {
      return;
    }
    try {
      const { kind } = await pages.header(id);
      if (kind !== 'meta') {
        const reason = `page ${id} is a ${kind} page where a meta is needed`;
        throw new Damage({ file: path, offset: id * meta.pageSize, reason });
      }
    } catch (error) {
      this.#report(error);
    }
  }

  async #readFreelist(id: number): Promise<void> {
    try {
      const page = await this.#database.pages.page(id);
      this.#claim(page);
      for (const free of decodeFreelist(page)) {
        if (free < FIRST_DATA_PAGE || !this.#freed.add(free)) {
          const reason = `the freelist names page ${free}, which is out of bounds or named twice`;
          throw new Damage({ ...page, reason });
        }
      }
    } catch (error) {
      this.#report(error);
    }
  }

  async #tree(id: number, path: readonly Uint8Array[]): Promise<void> {
    const records = this.#recordsOf(path);
    const hooks: TreeWalkHooks = {
      claim: (page) => this.#claim(page),
      damage: (damage) => this.#report(damage),
      enough: () => this.#damages.length >= MOST_REPORTED,
      checkTogether: async (branch, bounds) =>
        records === undefined ? undefined : await this.#checkTogether(branch, bounds, records),
    };
    for await (const { leaves, together, done } of walkTree(id, this.#groups, hooks)) {
      this.#signal.throwIfAborted();
      if (together !== undefined && together !== 'not summed' && this.#damages.length === 0) {
        this.#visitor.leaves?.(path, together);
        this.#visitor.keys?.(together.pages ?? []);
      }
      const nested: { readonly leaf: Leaf; readonly index: number }[] = [];
      for (const { page, bounds } of leaves) {
        this.#guard(() => {
          const leaf = new Leaf(page);
          for (const index of this.#leaf(leaf, bounds, path)) {
            nested.push({ leaf, index });
          }
        });
      }
      for (const { leaf, index } of nested) {
        await this.#nested(leaf, index, path);
      }
      done();
    }
  }

  /** What the records of a bucket have to be; undefined when each of its leaves has to be looked at by itself. */
  #recordsOf(path: readonly Uint8Array[]): RecordKind | undefined {
    if (this.#newLeafChecker === undefined) {
      return undefined;
    }
    if (this.#visitor.records !== undefined) {
      return this.#visitor.records(path);
    }
    return this.#visitor.leaf === undefined ? 'any' : undefined;
  }

  /** Checks a branch with its leaves and claims these; undefined when it has to be done one by one. */
  async #checkTogether(branch: Page, bounds: KeyBounds, records: RecordKind): Promise<CheckedLeaves | undefined> {
    const { pages } = this.#database;
    this.#leafChecker ??= this.#newLeafChecker?.();
    const leaves = this.#leafChecker?.soundLeaves(branch, bounds, { pages, records });
    if (leaves === undefined || !leaves.every((leaf) => this.#isUnused(leaf))) {
      return undefined;
    }
    const again = this.#recheck === 'sample' && isInSample(this.#checkedBranches, pages.meta);
    const sum = again || this.#visitor.leaves !== undefined ? this.#leafChecker?.sum() : undefined;
    if (again && sum !== undefined) {
      await recheckLeaves(branch, bounds, { pages, records, sum });
    }
    const keys =
      this.#visitor.keys !== undefined && records === 'changes' && sum !== undefined
        ? { ...sum, pages: this.#leafChecker?.keys() ?? [] }
        : sum;
    for (const leaf of leaves) {
      // One of them may still continue over another.
      this.#guard(() => this.#claim(leaf));
    }
    this.#checkedBranches++;
    if (this.#checkedBranches % BRANCHES_IN_A_ROW === 0) {
      await setImmediate();
      this.#signal.throwIfAborted();
    }
    return keys ?? 'not summed';
  }

  #isUnused({ id, overflow }: SoundLeaf): boolean {
    for (let page = id; page <= id + overflow; page++) {
      if (page >= this.#database.meta.highWater || this.#used.has(page) || this.#freed.has(page)) {
        return false;
      }
    }
    return true;
  }

  /** Checks a leaf and gives the indexes of its elements that are buckets. */
  #leaf(leaf: Leaf, bounds: KeyBounds, path: readonly Uint8Array[]): readonly number[] {
    checkLeafOrder(leaf, bounds);
    if (this.#damages.length === 0) {
      this.#visitor.leaf?.(path, leaf);
    }
    let buckets: number[] | undefined;
    for (let index = 0; index < leaf.count; index++) {
      if (leaf.isBucket(index)) {
        buckets ??= [];
        buckets.push(index);
      }
    }
    return buckets ?? NONE;
  }

  async #nested(leaf: Leaf, index: number, outer: readonly Uint8Array[]): Promise<void> {
    const path = [...outer, Uint8Array.from(leaf.key(index))];
    const root = this.#guard(() => {
      const origin = { file: leaf.page.file, offset: leaf.page.offset + leaf.valueStart(index) };
      return decodeBucketHeader(leaf.value(index), origin);
    });
    if (root === undefined) {
      return;
    }
    if (this.#damages.length === 0) {
      this.#visitor.bucket?.(path);
    }
    if (root.at === 'page') {
      await this.#tree(root.page, path);
      return;
    }
    this.#guard(() => {
      const inline = new Leaf(root.leaf);
      if (this.#leaf(inline, UNBOUNDED, path).length > 0) {
        throw new Damage({ ...root.leaf, reason: 'an inline bucket holds a bucket, which bbolt never writes' });
      }
    });
  }

  #claim({ id: first, overflow }: SoundLeaf): void {
    for (let id = first; id <= first + overflow; id++) {
      const isNew = this.#use(id);
      if (!isNew || this.#freed.has(id)) {
        const { path: file, meta } = this.#database;
        const found = isNew ? 'in use and on the freelist' : 'used twice';
        throw new Damage({ file, offset: first * meta.pageSize, reason: `page ${id} is ${found}` });
      }
    }
  }

  #use(id: number): boolean {
    this.#usedCount++;
    return this.#used.add(id);
  }

  #findLostPages(): void {
    const { highWater, pageSize } = this.#database.meta;
    for (let id = FIRST_DATA_PAGE; id < highWater && this.#damages.length < MOST_REPORTED; id++) {
      if (!this.#used.has(id) && !this.#freed.has(id)) {
        const reason = `page ${id} is neither in use nor on the freelist`;
        this.#damages.push(new Damage({ file: this.#database.path, offset: id * pageSize, reason }));
      }
    }
  }

  /** Keeps damage for the report and lets the walk go on. */
  #guard<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #report(error: unknown): void {
    if (!(error instanceof Damage)) {
      throw error;
    }
    if (this.#damages.length < MOST_REPORTED) {
      this.#damages.push(error);
    }
  }
}
