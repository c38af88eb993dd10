import { createHash } from 'node:crypto';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries } from '../../../src/datadir/bbolt/entry-stream.ts';
import { decodeKeyValue } from '../../../src/datadir/mvcc/key-value.ts';
import { decodeRevisionKey } from '../../../src/datadir/mvcc/revision-key.ts';
import type { ExpectedKey } from './golden.ts';

/** The live keys of a database of etcd, in key order, as in `expected.json`. */
export async function storedKeys(path: string): Promise<readonly ExpectedKey[]> {
  await using database = await Database.open(path);
  const bucket = await database.bucket('key');
  const keys = new Map<string, ExpectedKey>();
  if (bucket === undefined) {
    throw new Error(`${path} has no bucket "key"`);
  }
  for await (const entry of bucketEntries(bucket, { signal: new AbortController().signal })) {
    const change = decodeRevisionKey(entry.key);
    const record = decodeKeyValue(entry.value);
    if (change === undefined || record === undefined) {
      throw new Error(`${path} holds a record that is no change of a key`);
    }
    const key = Buffer.from(record.key).toString('base64');
    keys.delete(key);
    if (!change.tombstone) {
      const { createRevision, modRevision, version, lease, value } = record;
      const valueSha256 = createHash('sha256').update(value).digest('hex');
      const { length: valueSize } = value;
      keys.set(key, { key, createRevision, modRevision, version, lease: String(lease), valueSha256, valueSize });
    }
  }
  return [...keys.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key, 'base64'), Buffer.from(b.key, 'base64')));
}
