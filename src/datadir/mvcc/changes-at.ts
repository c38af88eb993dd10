import type { Database } from '../bbolt/database.ts';
import { changeAt, noChange } from './history-leaves.ts';
import { decodeKeyValue, type KeyValue } from './key-value.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from './revision-key.ts';

/** One record of the `key` bucket. Of a tombstone only the key counts. */
export interface StoredChange extends KeyValue {
  readonly tombstone: boolean;
}

/**
 * The changes of revision `main` that a database holds, in order, each valid until the next. A compaction may have removed
 * some of them, or all. Throws Damage.
 */
export async function* changesAt(
  database: Database,
  main: number,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<StoredChange, void> {
  const bucket = await database.bucket('key');
  const from = Buffer.alloc(REVISION_KEY_SIZE);
  encodeRevisionKey(from, 0, { main, sub: 0, tombstone: false });
  for await (const leaf of bucket?.leaves({ ...options, from }) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      const change = changeAt(leaf, index);
      if (change.main > main) {
        return;
      }
      if (change.main === main) {
        const keyValue = decodeKeyValue(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
        if (keyValue === undefined) {
          throw noChange(leaf, index);
        }
        yield { ...keyValue, tombstone: change.tombstone };
      }
    }
  }
}
