import type { Leaf } from '../bbolt/leaf.ts';
import { noChange } from './history-leaves.ts';
import { modRevisionOf } from './key-value.ts';
import { decodeRevisionKey } from './revision-key.ts';

/**
 * Throws Damage unless every record of a leaf of the `key` bucket is a change of a key. A record without a value is sound:
 * `etcdutl snapshot restore --bump-revision` writes one to mark the new revision.
 */
export function checkChanges(leaf: Leaf): void {
  const { bytes } = leaf.page;
  for (let index = 0; index < leaf.count; index++) {
    const value = leaf.valueStart(index);
    const end = leaf.valueEnd(index);
    const change = decodeRevisionKey(bytes, leaf.keyStart(index), value);
    const modRevision = modRevisionOf(bytes, value, end);
    const sound =
      change !== undefined &&
      modRevision !== undefined &&
      (change.tombstone || modRevision === change.main || value === end);
    if (!sound) {
      throw noChange(leaf, index);
    }
  }
}
