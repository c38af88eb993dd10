import type { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { leafGroups } from '../bbolt/leaf-groups.ts';
import { Damage } from '../damage.ts';
import { type ChangeRevision, decodeRevisionKey } from './revision-key.ts';

/** All leaves of the `key` bucket in order, in groups that are valid until the next is asked for. Throws {@link Damage}. */
export async function* historyLeaves(
  database: Database,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<readonly Leaf[], void> {
  const bucket = await database.bucket('key');
  if (bucket !== undefined) {
    yield* leafGroups(database, bucket, options);
  }
}

/** The revision of a record of the `key` bucket. Throws {@link Damage} when its key is no revision. */
export function changeAt(leaf: Leaf, index: number): ChangeRevision {
  const change = decodeRevisionKey(leaf.page.bytes, leaf.keyStart(index), leaf.valueStart(index));
  if (change === undefined) {
    throw noChange(leaf, index);
  }
  return change;
}

/** The damage of a record of the `key` bucket that is no change of a key. */
export function noChange(leaf: Leaf, index: number): Damage {
  const reason = `record ${index} of page ${leaf.page.id} is no change of a key`;
  return new Damage({ file: leaf.page.file, offset: leaf.page.offset + leaf.keyStart(index), reason });
}
