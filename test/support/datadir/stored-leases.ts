import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries } from '../../../src/datadir/bbolt/entry-stream.ts';
import { leaseId } from '../../../src/datadir/mvcc/lease-record.ts';
import { WireReader } from '../../../src/protobuf/wire-reader.ts';

/** The leases a database has records of, with their TTLs in seconds. */
export async function storedLeases(path: string): Promise<ReadonlyMap<bigint, number>> {
  await using database = await Database.open(path);
  const bucket = await database.bucket('lease');
  if (bucket === undefined) {
    throw new Error(`${path} has no bucket "lease"`);
  }
  const leases = new Map<bigint, number>();
  for await (const { key, value } of bucketEntries(bucket, { signal: new AbortController().signal })) {
    leases.set(leaseId(key), ttlOf(value));
  }
  return leases;
}

/** Field 2 of a leasepb.Lease. */
function ttlOf(record: Uint8Array): number {
  const reader = new WireReader(record);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) {
      return reader.integer();
    }
    reader.skip();
  }
  return 0;
}
