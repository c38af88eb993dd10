import { crc32c, crc32cOf } from '../../checksum/crc32c.ts';
import type { Database } from '../bbolt/database.ts';
import { readCompactionMarks } from './compaction-marks.ts';
import { changeAt, historyLeaves } from './history.ts';
import { type KeptRecords, keptRecords } from './kept-records.ts';
import { readLastRevision } from './last-revision.ts';

/** What `etcdctl endpoint hashkv` tells of an etcd that runs on a database. */
export interface HistoryHash {
  /** CRC-32C over the history, unsigned. */
  readonly hash: number;
  /** The history up to this revision went in. */
  readonly revision: number;
  /** Of what is as old as this, only what is still the newest of its key went in. */
  readonly compactRevision: number;
}

/**
 * Computes HashKV as etcd does at its newest revision: over the name of the bucket and all records above the compaction,
 * and those below it that are still the newest of their key. Members with the same history have the same hash, whatever
 * their files look like. Throws `Damage`.
 *
 * Source: etcd server/storage/mvcc/hash.go.
 */
export async function hashKv(database: Database, options: { readonly signal: AbortSignal }): Promise<HistoryHash> {
  const revision = await readLastRevision(database);
  const { scheduled, finished } = await readCompactionMarks(database);
  const compactRevision = Math.max(scheduled, finished);
  // etcd asks what a compaction at the newest revision would keep, not what the one that was made has kept.
  const kept = compactRevision === 0 ? undefined : await keptRecords(database, { ...options, revision });
  let hash = crc32c(0, new TextEncoder().encode('key'));
  let place = 0;
  for await (const leaves of historyLeaves(database, options)) {
    for (const leaf of leaves) {
      for (let index = 0; index < leaf.count; index++, place++) {
        const change = changeAt(leaf, index);
        const gone = change.main <= compactRevision && isLeftOut(kept, place);
        // etcd has kept a deletion at the very revision of the compaction since 3.4.34 and 3.5.16, but not in this hash.
        const unstable = change.tombstone && change.main === compactRevision;
        if (!gone && !unstable) {
          hash = crc32cOf(hash, leaf.page.view, leaf.keyStart(index), leaf.valueEnd(index));
        }
      }
    }
  }
  return { hash, revision, compactRevision };
}

/** With nothing to keep at all etcd leaves nothing out either. */
function isLeftOut(kept: KeptRecords | undefined, place: number): boolean {
  return kept !== undefined && kept.size > 0 && !kept.has(place);
}
