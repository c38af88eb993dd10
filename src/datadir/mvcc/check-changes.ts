import type { Leaf } from '../bbolt/leaf.ts';
import { Damage } from '../damage.ts';
import { modRevisionOf } from './key-value.ts';
import { decodeRevisionKey } from './revision-key.ts';

/**
 * Throws {@link Damage} unless every record of a leaf of the `key` bucket is a change of a key. One without any content is sound:
 * `etcdutl snapshot restore --bump-revision` leaves such a record to mark the new revision.
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
      const offset = leaf.page.offset + leaf.keyStart(index);
      const reason = `record ${index} of page ${leaf.page.id} is no change of a key`;
      throw new Damage({ file: leaf.page.file, offset, reason });
    }
  }
}
