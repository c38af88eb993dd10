import type { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { changeAt, historyLeaves, noChange } from './history-leaves.ts';
import { decodeKeyValue, type KeyValue, keyOf } from './key-value.ts';
import type { ChangeRevision } from './revision-key.ts';

/** A change of a key and its place in the history. Of a tombstone only the key and the revision count. */
export interface KeyChange extends KeyValue, ChangeRevision {}

/** Which changes are read. */
export interface ChangesWanted {
  /** Asked for each record; the key is a view. */
  readonly wants: (key: Uint8Array) => boolean;
  /** The last revision. */
  readonly revision: number;
  readonly signal: AbortSignal;
}

/**
 * The changes of some keys that a database holds, oldest first, each valid until the next. The record without a key that
 * `--bump-revision` writes is a change of the empty key. Reads the whole history. Throws Damage.
 */
export async function* keyChanges(
  database: Database,
  { wants, revision, signal }: ChangesWanted,
): AsyncGenerator<KeyChange, void> {
  for await (const leaves of historyLeaves(database, { signal })) {
    for (const leaf of leaves) {
      for (let index = 0; index < leaf.count; index++) {
        const key = keyOf(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
        if (key === undefined) {
          throw noChange(leaf, index);
        }
        if (!wants(key)) {
          continue;
        }
        const change = changeAt(leaf, index);
        if (change.main > revision) {
          return;
        }
        yield { ...contentOf(leaf, index), ...change };
      }
    }
  }
}

function contentOf(leaf: Leaf, index: number): KeyValue {
  const content = decodeKeyValue(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
  if (content === undefined) {
    throw noChange(leaf, index);
  }
  return content;
}
