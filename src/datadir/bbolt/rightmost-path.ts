import { Damage } from '../damage.ts';
import { Branch, DEEPEST_TREE } from './branch.ts';
import type { Child } from './branch-packer.ts';
import type { Bucket } from './bucket.ts';
import { Leaf } from './leaf.ts';
import type { PageReader } from './page-reader.ts';

/** The part of a bucket's tree that has to be written anew when leaves are added after its last key. */
export interface RightmostPath {
  /**
   * Children of the rightmost branch page of each level, lowest level first. Above the lowest level the last child is left
   * out: it is the branch page below, which will be written anew.
   */
  readonly levels: readonly (readonly Child[])[];
  /** The leaf of an inline bucket, whose entries have to be written anew. */
  readonly inline?: Leaf;
}

/** Reads the rightmost path of a bucket. Throws {@link Damage} when a page of it is not sound. */
export async function readRightmostPath(pages: PageReader, bucket: Bucket): Promise<RightmostPath> {
  if (bucket.root.at === 'inline') {
    return { levels: [], inline: new Leaf(bucket.root.leaf) };
  }
  const branches: Branch[] = [];
  let page = await pages.page(bucket.root.page);
  while (page.kind === 'branch') {
    const branch = new Branch(page);
    if (branches.length === DEEPEST_TREE) {
      throw new Damage({ ...page, reason: `page ${page.id} is part of a loop` });
    }
    branches.unshift(branch);
    page = await pages.page(branch.child(branch.count - 1));
  }
  const leaf = new Leaf(page);
  if (branches.length === 0) {
    return { levels: [leaf.count === 0 ? [] : [{ key: new Uint8Array(leaf.key(0)), page: page.id }]] };
  }
  return {
    levels: branches.map((branch, level) =>
      Array.from({ length: level === 0 ? branch.count : branch.count - 1 }, (_, index) => ({
        key: new Uint8Array(branch.key(index)),
        page: branch.child(index),
      })),
    ),
  };
}
