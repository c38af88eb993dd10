import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { readCompactionMarks } from './compaction-marks.ts';
import { decodeRevisionKey } from './revision-key.ts';

/** The revision of a database without any change. */
const FIRST_REVISION = 1;

/**
 * The revision that etcd serves from this database: that of the newest record of the `key` bucket, or, when a compaction has
 * removed this record, that of the compaction in the `meta` bucket.
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
