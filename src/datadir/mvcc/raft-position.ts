import type { Database } from '../bbolt/database.ts';

/** How far a database has followed the raft log of its member. */
export interface RaftPosition {
  /** Of the last entry that was applied; undefined where etcd does not record it, as before 3.5. */
  readonly term: bigint | undefined;
  readonly index: bigint | undefined;
}

/**
 * Reads `term` and `consistent_index` from the bucket `meta`, 8 bytes each, big-endian. Throws Damage.
 *
 * Source: etcd server/storage/schema/cindex.go.
 */
export async function readRaftPosition(database: Database): Promise<RaftPosition> {
  const meta = await database.bucket('meta');
  const read = async (name: string): Promise<bigint | undefined> => {
    const value = await meta?.get(Buffer.from(name));
    return value?.length === 8 ? Buffer.from(value).readBigUInt64BE() : undefined;
  };
  return { term: await read('term'), index: await read('consistent_index') };
}
