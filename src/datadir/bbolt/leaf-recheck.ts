import { crc32cOfView } from '../../checksum/crc32c.ts';
import type { LeafSum } from '../../wasm/page-checker.ts';
import { Damage } from '../damage.ts';
import { checkChanges } from '../mvcc/check-changes.ts';
import { Branch } from './branch.ts';
import { CheckDisagreement } from './check-disagreement.ts';
import { checkBranchOrder, checkLeafOrder, type KeyBounds } from './key-bounds.ts';
import { Leaf } from './leaf.ts';
import type { LeafSource } from './leaf-page-checker.ts';
import type { Meta } from './meta.ts';
import type { Page } from './page.ts';

/** One of so many branches has its leaves checked again. */
const SAMPLE_OF = 100;

/**
 * Which branches have their leaves checked again: the first, so that it is at least one, and a hundredth of the others. The
 * database decides which, so that every run chooses the same.
 */
export function isInSample(ordinal: number, meta: Meta): boolean {
  const mixed = Math.imul(Math.imul(ordinal ^ meta.transaction, 0x9e3779b1) ^ meta.highWater, 0x85ebca6b) >>> 8;
  return ordinal === 0 || mixed % SAMPLE_OF === 0;
}

/**
 * Checks a branch and its leaves, which were found sound with this sum, again one by one. Throws {@link CheckDisagreement},
 * and what the file system throws.
 */
export async function recheckLeaves(
  branch: Page,
  bounds: KeyBounds,
  found: LeafSource & { readonly sum: LeafSum },
): Promise<void> {
  const { file, offset } = branch;
  let sum: LeafSum;
  try {
    sum = await sumOf(new Branch(branch), bounds, found);
  } catch (error) {
    if (!(error instanceof Damage)) {
      throw error;
    }
    throw new CheckDisagreement({ file, offset, reason: `byte ${error.offset}: ${error.reason}`, cause: error });
  }
  const { records, checksum, bytes } = found.sum;
  if (sum.records !== records || sum.checksum !== checksum || sum.bytes !== bytes) {
    throw new CheckDisagreement({ file, offset, reason: `${inWords(sum)} instead of ${inWords(found.sum)}` });
  }
}

async function sumOf(branch: Branch, bounds: KeyBounds, { pages, records }: LeafSource): Promise<LeafSum> {
  checkBranchOrder(branch, bounds);
  let count = 0;
  let checksum = 0;
  let bytes = 0;
  for (let child = 0; child < branch.count; child++) {
    const leaf = new Leaf(await pages.page(branch.child(child)));
    const below = child + 1 < branch.count ? branch.key(child + 1) : bounds.below;
    checkLeafOrder(leaf, { min: branch.key(child), below });
    for (let index = 0; index < leaf.count; index++) {
      if (leaf.isBucket(index)) {
        throw new Damage({ ...leaf.page, reason: `element ${index} of page ${leaf.page.id} is a bucket` });
      }
      const [start, end] = [leaf.keyStart(index), leaf.valueEnd(index)];
      checksum = crc32cOfView(checksum, leaf.page.view, start, end);
      bytes += end - start;
    }
    if (records === 'changes') {
      checkChanges(leaf);
    }
    count += leaf.count;
  }
  return { records: count, checksum, bytes };
}

function inWords({ records, checksum, bytes }: LeafSum): string {
  return `${records} records of ${bytes} bytes with the checksum ${checksum.toString(16)}`;
}
