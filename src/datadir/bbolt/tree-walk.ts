import { Damage } from '../damage.ts';
import { Branch, DEEPEST_TREE } from './branch.ts';
import { checkBranchOrder, type KeyBounds, UNBOUNDED } from './key-bounds.ts';
import type { LeafSum } from './leaf-page-checker.ts';
import type { Page } from './page.ts';
import type { PageGroupReader } from './page-group.ts';

/** Leaves that were found sound all at once. */
export type SettledLeaves = LeafSum | 'not summed';

/** Pages that stand where leaves belong, and what the branches above say about their keys. Valid until `done` is called. */
export interface LeafGroup {
  /** Leaves that come in place of any pages, settled. */
  readonly settled?: SettledLeaves;
  readonly leaves: readonly { readonly page: Page; readonly bounds: KeyBounds }[];
  readonly done: () => void;
}

/** Who is asked and told while a tree is walked. */
export interface TreeWalkHooks {
  /** Takes note that a page is in use. Throws {@link Damage} when it must not be. */
  claim(page: Page): void;
  damage(damage: Damage): void;
  /** True when nobody wants to know more. */
  enough(): boolean;
  /**
   * Settles a branch and the leaves below it: they were found sound and have been claimed, so that nobody has to look at them
   * any more. Undefined when nothing is known.
   */
  settle(branch: Page, bounds: KeyBounds): Promise<SettledLeaves | undefined>;
}

/**
 * Walks one tree in key order, checks its branches and gives its leaf pages in groups. While one group is looked at, the
 * next is on its way. Every page is claimed; one that cannot be is not followed, so the walk ends whatever the file holds.
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
    const settled = depth < DEEPEST_TREE ? await this.#hooks.settle(page, bounds) : undefined;
    if (settled !== undefined) {
      yield { settled, leaves: [], done: () => undefined };
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
