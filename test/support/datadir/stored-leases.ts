import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries } from '../../../src/datadir/bbolt/entry-stream.ts';
import { decodeLease, leaseId } from '../../../src/datadir/mvcc/lease-record.ts';

/** The leases a database has records of, with their TTLs in seconds. */
export async function storedLeases(path: string): Promise<ReadonlyMap<bigint, number>> {
  await using database = await Database.open(path);
  const bucket = await database.bucket('lease');
  if (bucket === undefined) {
    throw new Error(`${path} has no bucket "lease"`);
  }
  const leases = new Map<bigint, number>();
  for await (const { key, value } of bucketEntries(bucket, { signal: new AbortController().signal })) {
    leases.set(leaseId(key), Number(decodeLease(value).ttlSeconds));
  }
  return leases;
}
