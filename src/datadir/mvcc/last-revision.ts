import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { readCompactionMarks } from './compaction-marks.ts';
import { decodeRevisionKey } from './revision-key.ts';

/** etcd counts a database without any change as revision 1. */
const FIRST_REVISION = 1;

/**
 * The revision etcd serves from this database. It is that of the newest record of the `key` bucket, unless a compaction
 * has removed that record: then the compaction's own revision, from the `meta` bucket, is later.
 * Throws {@link Damage} when there is no `key` bucket or a revision cannot be read.
 *
 * Source: etcd server/storage/mvcc/kvstore.go, restore.
 */
export async function readLastRevision(database: Database): Promise<number> {
  const keys = await database.bucket('key');
  if (keys === undefined) {
    throw new Damage({
      file: database.path,
      offset: 0,
      reason: 'it has no bucket "key", so it is no database of etcd',
    });
  }
  let last = FIRST_REVISION;
  const newest = await keys.lastLeaf();
  if (newest !== undefined) {
    const change = decodeRevisionKey(newest.key(newest.count - 1));
    if (change === undefined) {
      throw new Damage({ ...newest.page, reason: `the last key of page ${newest.page.id} is no revision` });
    }
    last = Math.max(last, change.main);
  }
  const { scheduled, finished } = await readCompactionMarks(database);
  return Math.max(last, scheduled, finished);
}
