import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { decodeRevisionKey } from './revision-key.ts';

/** The revisions up to which the history of a database is compacted; 0 when it never was. */
export interface CompactionMarks {
  /** The last compaction that was begun: no earlier revision can be read any more. */
  readonly scheduled: number;
  /** The last compaction that has finished: it removed the changes that are not needed. */
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
