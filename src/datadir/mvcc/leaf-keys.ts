import { keyFingerprint } from '../../checksum/key-fingerprints.ts';
import type { LeafKeys } from '../../wasm/page-checker.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { noChange } from './history-leaves.ts';
import { keyOf } from './key-value.ts';

/** The keys of the changes in a leaf of the `key` bucket, as the WASM page checker gives them. Throws Damage. */
export function leafKeys(leaf: Leaf): LeafKeys {
  const { bytes, id, overflow } = leaf.page;
  const keys = new Set<number>();
  const prefixes = new Set<number>();
  for (let index = 0; index < leaf.count; index++) {
    const key = keyOf(bytes, leaf.valueStart(index), leaf.valueEnd(index));
    if (key === undefined) {
      throw noChange(leaf, index);
    }
    keys.add(keyFingerprint(key, 0, key.length, (prefix) => prefixes.add(prefix)));
  }
  return { page: id, overflow, keys: Uint32Array.from(keys), prefixes: Uint32Array.from(prefixes) };
}
