import { Branch } from '../../../src/datadir/bbolt/branch.ts';
import type { LeafChecker, SoundLeaf } from '../../../src/datadir/bbolt/leaf-page-checker.ts';
import type { Page } from '../../../src/datadir/bbolt/page.ts';

/** Finds every branch sound with all pages below it, without a look at these. */
export const wrongLeafChecker: LeafChecker = {
  soundLeaves(page: Page): readonly SoundLeaf[] {
    const branch = new Branch(page);
    return Array.from({ length: branch.count }, (_, index) => ({ id: branch.child(index), overflow: 0 }));
  },
  sum: () => ({ records: 0, checksum: 0, bytes: 0 }),
  keys: () => [],
};
