import { Damage } from '../damage.ts';
import type { Bucket, Entry } from './bucket.ts';
import { type EntryBatch, EntryBatchBuilder } from './entry-batch.ts';
import { compareKeys } from './key-order.ts';
import type { Leaf } from './leaf.ts';

/** Bytes of a batch. */
const BATCH_SIZE = 64 * 1024;

/** The entries of one leaf. */
export function* leafEntries(leaf: Leaf): Generator<Entry, void> {
  for (let index = 0; index < leaf.count; index++) {
    yield { key: leaf.key(index), value: leaf.value(index) };
  }
}

/** All entries of a bucket in key order. Throws {@link Damage} for an entry that is not of the kind `content` says. */
export async function* bucketEntries(
  bucket: Bucket,
  options: { readonly signal: AbortSignal; readonly content?: 'values' | 'buckets' },
): AsyncGenerator<Entry, void> {
  const buckets = options.content === 'buckets';
  for await (const leaf of bucket.leaves(options)) {
    for (let index = 0; index < leaf.count; index++) {
      if (leaf.isBucket(index) !== buckets) {
        const reason = `element ${index} of page ${leaf.page.id} is a ${buckets ? 'value' : 'bucket'} where etcd has none`;
        throw new Damage({ ...leaf.page, reason });
      }
    }
    yield* leafEntries(leaf);
  }
}

/** Merges `kept` and `changed`, both in key order; of two entries with the same key that of `changed` is taken. */
export async function* mergeEntries(
  kept: AsyncIterable<Entry>,
  changed: readonly Entry[],
): AsyncGenerator<Entry, void> {
  let next = 0;
  for await (const entry of kept) {
    let replaced = false;
    for (let change = changed[next]; change !== undefined; change = changed[++next]) {
      const order = compareKeys(change.key, entry.key);
      if (order > 0) {
        break;
      }
      replaced ||= order === 0;
      yield change;
    }
    if (!replaced) {
      yield entry;
    }
  }
  yield* changed.slice(next);
}

/** Packs entries into batches. A batch is valid until the next one is asked for. */
export async function* inBatches(entries: Iterable<Entry> | AsyncIterable<Entry>): AsyncGenerator<EntryBatch, void> {
  const builder = new EntryBatchBuilder({ bytes: BATCH_SIZE });
  for await (const { key, value } of entries) {
    builder.add(key, value);
    if (builder.length >= BATCH_SIZE) {
      yield builder.batch();
      builder.clear();
    }
  }
  if (builder.count > 0) {
    yield builder.batch();
  }
}
