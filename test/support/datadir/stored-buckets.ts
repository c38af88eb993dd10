import assert from 'node:assert/strict';
import type { Entry } from '../../../src/datadir/bbolt/bucket.ts';
import { checkDatabase } from '../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries } from '../../../src/datadir/bbolt/entry-stream.ts';

/** Copies of all entries of all top-level buckets, by name, in the order of the file. Fails unless the file is sound. */
export async function storedBuckets(path: string): Promise<Map<string, Entry[]>> {
  const { signal } = new AbortController();
  await using database = await Database.open(path);
  const { damages } = await checkDatabase(database, { signal });
  assert.deepEqual(damages, []);
  const buckets = new Map<string, Entry[]>();
  for await (const { key } of bucketEntries(database.root, { signal, content: 'buckets' })) {
    const bucket = await database.root.bucket(key);
    assert.ok(bucket);
    const entries: Entry[] = [];
    for await (const entry of bucketEntries(bucket, { signal })) {
      entries.push({ key: Uint8Array.from(entry.key), value: Uint8Array.from(entry.value) });
    }
    buckets.set(Buffer.from(key).toString(), entries);
  }
  return buckets;
}
