import { fileURLToPath } from 'node:url';
import { LeafPageChecker, type PageCheckerExports } from '../datadir/bbolt/leaf-page-checker.ts';
import { instantiate } from './loader.ts';

/** A lane for the leaf pages of one check at a time; 4.3 MiB of memory. */
export function newPageChecker(): LeafPageChecker {
  const module = instantiate({
    asset: 'page-checker.wasm',
    file: () => fileURLToPath(new URL('../../.cache/native/page-checker.wasm', import.meta.url)),
  });
  return new LeafPageChecker(module as PageCheckerExports);
}
