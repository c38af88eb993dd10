import type { LeafKeys, LeafSum } from '../../wasm/page-checker.ts';
import { Damage } from '../damage.ts';
import { Branch, DEEPEST_TREE } from './branch.ts';
import { checkBranchOrder, type KeyBounds, UNBOUNDED } from './key-bounds.ts';
import type { Page } from './page.ts';
import type { PageGroupReader } from './page-group.ts';

/** Leaves that were checked together and found sound. */
export type CheckedLeaves = (LeafSum & { readonly pages?: readonly LeafKeys[] }) | 'not summed';

/** Pages in the place of leaves, and what the branches above say about their keys. Valid until `done` is called. */
export interface LeafGroup {
  /** Leaves that were checked already; then the group has no pages. */
  readonly together?: CheckedLeaves;
  readonly leaves: readonly { readonly page: Page; readonly bounds: KeyBounds }[];
  readonly done: () => void;
}

/** What is called while a tree is walked. */
export interface TreeWalkHooks {
  /** Notes that a page is in use. Throws {@link Damage} when it must not be. */
  claim(page: Page): void;
  damage(damage: Damage): void;
  /** True when no more damage is wanted. */
  enough(): boolean;
  /**
   * Checks a branch and the leaves below it, and claims the leaves when all are sound; undefined when nothing is known. Left
   * out, all pages are shown.
   */
  checkTogether?(branch: Page, bounds: KeyBounds): Promise<CheckedLeaves | undefined>;
}

/**
 * Walks one tree in key order, checks its branches and gives its leaf pages in groups. While one group is checked, the
 * next is being read. Every page is claimed; one that cannot be is not followed, so the walk ends whatever the file holds.
 */
export async function* walkTree(
  root: number,
  groups: PageGroupReader,
  hooks: TreeWalkHooks,
): AsyncGenerator<LeafGroup, void> {
  const walk = new TreeWalk(groups, hooks);
  const found = walk.below([root], [UNBOUNDED], 0);
  let next = found.next();
  for (;;) {
    const { value: group } = await next;
    if (group === undefined) {
      return;
    }
    next = found.next();
    // It is awaited in its turn; until then a failure must not count as unhandled.
    next.catch(() => undefined);
    yield group;
  }
}

class TreeWalk {
  readonly #groups: PageGroupReader;
  readonly #hooks: TreeWalkHooks;

  constructor(groups: PageGroupReader, hooks: TreeWalkHooks) {
    this.#groups = groups;
    this.#hooks = hooks;
  }

  /** All leaves at and below some sibling pages. */
  async *below(ids: readonly number[], bounds: readonly KeyBounds[], depth: number): AsyncGenerator<LeafGroup, void> {
    const { groupLength } = this.#groups;
    let length = groupLength;
    for (let from = 0; from < ids.length && !this.#hooks.enough(); ) {
      const group = await this.#groups.read(ids.slice(from, from + length));
      // Where pages are long a group is short, and so will be the next.
      length = Math.min(groupLength, group.pages.length * 2);
      let leaves: { readonly page: Page; readonly bounds: KeyBounds }[] = [];
      let onlyLeaves = true;
      for (const [index, page] of group.pages.entries()) {
        const bound = bounds[from + index] ?? UNBOUNDED;
        if (!this.#accept(page)) {
          continue;
        }
        if (page.kind !== 'branch') {
          leaves.push({ page, bounds: bound });
          continue;
        }
        onlyLeaves = false;
        if (leaves.length > 0) {
          yield { leaves, done: () => undefined };
          leaves = [];
        }
        yield* this.#branch(page, bound, depth);
      }
      from += group.pages.length;
      // The keys of branches bound the pages below them for longer than this group is looked at.
      yield { leaves, done: () => (onlyLeaves ? this.#groups.giveBack(group) : undefined) };
    }
  }

  async *#branch(page: Page, bounds: KeyBounds, depth: number): AsyncGenerator<LeafGroup, void> {
    const together = depth < DEEPEST_TREE ? await this.#hooks.checkTogether?.(page, bounds) : undefined;
    if (together !== undefined) {
      yield { together, leaves: [], done: () => undefined };
      return;
    }
    let branch: Branch;
    try {
      branch = new Branch(page);
      checkBranchOrder(branch, bounds);
      if (depth === DEEPEST_TREE) {
        throw new Damage({ ...page, reason: `page ${page.id} is deeper in its tree than any page can be` });
      }
    } catch (error) {
      this.#report(error);
      return;
    }
    const ids: number[] = [];
    const inner: KeyBounds[] = [];
    for (let index = 0; index < branch.count; index++) {
      ids.push(branch.child(index));
      inner.push({
        min: branch.key(index),
        below: index + 1 < branch.count ? branch.key(index + 1) : bounds.below,
      });
    }
    yield* this.below(ids, inner, depth + 1);
  }

  #accept(page: Page | Damage): page is Page {
    try {
      if (page instanceof Damage) {
        throw page;
      }
      this.#hooks.claim(page);
      return true;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  #report(error: unknown): void {
    if (!(error instanceof Damage)) {
      throw error;
    }
    this.#hooks.damage(error);
  }
}
