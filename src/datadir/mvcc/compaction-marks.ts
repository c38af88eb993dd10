import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { decodeRevisionKey } from './revision-key.ts';

/** How far the history of a database has been compacted; revisions, 0 for never. */
export interface CompactionMarks {
  /** Compaction up to here was asked for: nothing before it can be read any more. */
  readonly scheduled: number;
  /** Up to here what is not needed has been removed. */
  readonly finished: number;
}

/**
 * Reads `scheduledCompactRev` and `finishedCompactRev` from the bucket `meta`. Throws {@link Damage} when one is no revision.
 *
 * Source: etcd server/storage/mvcc/store.go.
 */
export async function readCompactionMarks(database: Database): Promise<CompactionMarks> {
  return {
    scheduled: await readMark(database, 'scheduledCompactRev'),
    finished: await readMark(database, 'finishedCompactRev'),
  };
}

async function readMark(database: Database, mark: string): Promise<number> {
  const meta = await database.bucket('meta');
  const value = await meta?.get(new TextEncoder().encode(mark));
  if (value === undefined) {
    return 0;
  }
  const change = decodeRevisionKey(value);
  if (change === undefined) {
    throw new Damage({ file: database.path, offset: 0, reason: `"${mark}" in the bucket "meta" is no revision` });
  }
  return change.main;
}
