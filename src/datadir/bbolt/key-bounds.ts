import { Damage } from '../damage.ts';
import type { Branch } from './branch.ts';
import { compareRanges } from './key-order.ts';
import type { Leaf } from './leaf.ts';

/** The range of keys that the branches above a page allow. */
export interface KeyBounds {
  /** Every key is this or larger. */
  readonly min: Uint8Array | undefined;
  /** Every key is smaller. */
  readonly below: Uint8Array | undefined;
}

/** The bounds of a bucket's root. */
export const UNBOUNDED: KeyBounds = { min: undefined, below: undefined };

/** Throws {@link Damage} unless the keys of a leaf are in order and within its bounds. */
export function checkLeafOrder(leaf: Leaf, bounds: KeyBounds): void {
  const { page, count } = leaf;
  const { bytes } = page;
  if (count === 0) {
    return;
  }
  let start = leaf.keyStart(0);
  let end = leaf.valueStart(0);
  const { min, below } = bounds;
  if (min !== undefined && compareRanges(min, 0, min.length, bytes, start, end) > 0) {
    throw new Damage({ ...page, reason: `the first key of page ${page.id} is below its branch's` });
  }
  for (let index = 1; index < count; index++) {
    const nextStart = leaf.keyStart(index);
    const nextEnd = leaf.valueStart(index);
    if (compareRanges(bytes, start, end, bytes, nextStart, nextEnd) >= 0) {
      throw new Damage({ ...page, reason: `key ${index} of page ${page.id} is not above the one before it` });
    }
    start = nextStart;
    end = nextEnd;
  }
  if (below !== undefined && compareRanges(bytes, start, end, below, 0, below.length) >= 0) {
    throw new Damage({ ...page, reason: `the last key of page ${page.id} is not below the next branch key` });
  }
}

/** Throws {@link Damage} unless the keys of a branch are in order and within its bounds. */
export function checkBranchOrder(branch: Branch, bounds: KeyBounds): void {
  const { page } = branch;
  let previous = bounds.min;
  for (let index = 0; index < branch.count; index++) {
    const key = branch.key(index);
    if (previous !== undefined) {
      const order = compareRanges(previous, 0, previous.length, key, 0, key.length);
      if (order > 0 || (order === 0 && index > 0)) {
        throw new Damage({ ...page, reason: `key ${index} of page ${page.id} is not above the keys before it` });
      }
    }
    previous = key;
  }
  const { below } = bounds;
  if (below !== undefined && previous !== undefined) {
    if (compareRanges(previous, 0, previous.length, below, 0, below.length) >= 0) {
      const reason = `key ${branch.count - 1} of page ${page.id} is not below the next branch key`;
      throw new Damage({ ...page, reason });
    }
  }
}
