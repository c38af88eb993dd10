import { Damage } from '../damage.ts';
import { Branch, DEEPEST_TREE } from './branch.ts';
import type { Child } from './branch-packer.ts';
import type { Bucket, Entry } from './bucket.ts';
import { Leaf } from './leaf.ts';
import type { PageReader } from './page-reader.ts';

/** The part of a bucket's tree that has to be written anew when leaves are added after its last key. */
export interface RightmostPath {
  /**
   * Children of the rightmost branch page of each level, lowest level first. Above the lowest level the last child is left
   * out: it is the branch page below, which will be written anew.
   */
  readonly levels: readonly (readonly Child[])[];
  /** Entries after these leaves that have to be written anew: those of an inline bucket, or of a leaf that is cut. */
  readonly before: readonly Entry[];
}

/**
 * Reads the rightmost path of a bucket; with `below`, of what is left of it without that key and all after it. Throws
 * {@link Damage} when a page of it is not sound.
 */
export async function readRightmostPath(
  pages: PageReader,
  bucket: Bucket,
  options: { readonly below?: Uint8Array | undefined } = {},
): Promise<RightmostPath> {
  const { below } = options;
  if (bucket.root.at === 'inline') {
    return { levels: [], before: entriesOf(new Leaf(bucket.root.leaf), below) };
  }
  const branches: { readonly branch: Branch; readonly chosen: number }[] = [];
  let page = await pages.page(bucket.root.page);
  while (page.kind === 'branch') {
    const branch = new Branch(page);
    if (branches.length === DEEPEST_TREE) {
      throw new Damage({ ...page, reason: `page ${page.id} is part of a loop` });
    }
    const chosen = below === undefined ? branch.count - 1 : branch.childFor(below);
    branches.unshift({ branch, chosen });
    page = await pages.page(branch.child(chosen));
  }
  const leaf = new Leaf(page);
  const isWhole = below === undefined || leaf.lowerBound(below) === leaf.count;
  const before = isWhole ? [] : entriesOf(leaf, below);
  if (branches.length === 0) {
    const whole = isWhole && leaf.count > 0 ? [{ key: new Uint8Array(leaf.key(0)), page: page.id }] : [];
    return { levels: [whole], before };
  }
  const levels = branches.map(({ branch, chosen }, level) =>
    childrenOf(branch, level === 0 && isWhole ? chosen + 1 : chosen),
  );
  return { levels: below === undefined ? levels : await withSiblings(pages, levels, before), before };
}

/**
 * A cut may leave too little to the right: no branch page may get a single child. Such a level takes over the children of the
 * page before, whose place in the level above is then free.
 */
async function withSiblings(
  pages: PageReader,
  cut: readonly (readonly Child[])[],
  before: readonly Entry[],
): Promise<readonly (readonly Child[])[]> {
  const levels = cut.map((children) => [...children]);
  for (let level = 0; level < levels.length; level++) {
    const fewest = level === 0 && before.length === 0 ? 2 : 1;
    while ((levels[level]?.length ?? 0) < fewest) {
      const above = levels.findIndex((children, at) => at > level && children.length > 0);
      if (above < 0) {
        break;
      }
      for (let at = above; at > level; at--) {
        const page = levels[at]?.pop()?.page ?? 0;
        const branch = new Branch(await pages.page(page));
        levels[at - 1]?.unshift(...childrenOf(branch, branch.count));
      }
    }
  }
  while (levels.length > 1 && levels.at(-1)?.length === 0) {
    levels.pop();
  }
  return levels;
}

function childrenOf(branch: Branch, count: number): readonly Child[] {
  return Array.from({ length: count }, (_, index) => ({
    key: new Uint8Array(branch.key(index)),
    page: branch.child(index),
  }));
}

/** Copies, as the page may not stay in memory. */
function entriesOf(leaf: Leaf, below: Uint8Array | undefined): readonly Entry[] {
  const count = below === undefined ? leaf.count : leaf.lowerBound(below);
  return Array.from({ length: count }, (_, index) => ({
    key: new Uint8Array(leaf.key(index)),
    value: new Uint8Array(leaf.value(index)),
  }));
}
