import { Damage } from '../damage.ts';
import type { Bucket } from './bucket.ts';
import type { Database } from './database.ts';
import { Leaf } from './leaf.ts';
import { PageGroupReader } from './page-group.ts';
import { PageSet } from './page-set.ts';
import { type TreeWalkHooks, walkTree } from './tree-walk.ts';

/**
 * All leaf pages of a bucket in key order, in groups that are read together; the next group is read ahead. Leaves are valid
 * until the next group is asked for. Throws the first {@link Damage} of a page, and the signal's reason between two groups.
 */
export async function* leafGroups(
  database: Database,
  bucket: Bucket,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<readonly Leaf[], void> {
  const { root } = bucket;
  if (root.at === 'inline') {
    yield [new Leaf(root.leaf)];
    return;
  }
  const seen = new PageSet(database.meta.highWater);
  const hooks: TreeWalkHooks = {
    claim: (page) => {
      if (!seen.add(page.id)) {
        throw new Damage({ ...page, reason: `page ${page.id} is used twice` });
      }
    },
    damage: (damage) => {
      throw damage;
    },
    enough: () => false,
  };
  for await (const { leaves, done } of walkTree(root.page, new PageGroupReader(database.pages), hooks)) {
    options.signal.throwIfAborted();
    yield leaves.map(({ page }) => new Leaf(page));
    done();
  }
}

/** The leaf pages with these numbers, in that order; otherwise as {@link leafGroups}. */
export async function* leavesAt(
  database: Database,
  ids: readonly number[],
  options: { readonly signal: AbortSignal },
): AsyncGenerator<readonly Leaf[], void> {
  const groups = new PageGroupReader(database.pages);
  let from = 0;
  while (from < ids.length) {
    options.signal.throwIfAborted();
    const group = await groups.read(ids.slice(from, from + groups.groupLength));
    yield group.pages.map((page) => {
      if (page instanceof Damage) {
        throw page;
      }
      return new Leaf(page);
    });
    from += group.pages.length;
    groups.giveBack(group);
  }
}
