import { crc32c, crc32cOfView } from '../../checksum/crc32c.ts';
import type { Database } from '../bbolt/database.ts';
import { readCompactionMarks } from './compaction-marks.ts';
import { changeAt, historyLeaves } from './history-leaves.ts';
import { type KeptRecords, keptRecords } from './kept-records.ts';
import { readLastRevision } from './last-revision.ts';

/** The result of `etcdctl endpoint hashkv` for an etcd on this database. */
export interface HistoryHash {
  /** CRC-32C over the history, unsigned. */
  readonly hash: number;
  /** The hash covers the history up to this revision. */
  readonly revision: number;
  /** Of the changes up to this revision, the hash covers only those that are still the newest of their key. */
  readonly compactRevision: number;
}

/**
 * Computes HashKV as etcd does at its newest revision: over the name of the bucket, all records after the compaction, and the
 * older ones that are still the newest of their key. Members with the same history have the same hash, even when their files
 * differ. Throws `Damage`.
 *
 * Source: etcd server/storage/mvcc/hash.go.
 */
export async function hashKv(database: Database, options: { readonly signal: AbortSignal }): Promise<HistoryHash> {
  const revision = await readLastRevision(database);
  const { scheduled, finished } = await readCompactionMarks(database);
  const compactRevision = Math.max(scheduled, finished);
  // etcd keeps what a compaction at the newest revision would keep, not what the last compaction has kept.
  const kept = compactRevision === 0 ? undefined : await keptRecords(database, { ...options, revision });
  let hash = crc32c(0, new TextEncoder().encode('key'));
  let place = 0;
  for await (const leaves of historyLeaves(database, options)) {
    for (const leaf of leaves) {
      for (let index = 0; index < leaf.count; index++, place++) {
        const change = changeAt(leaf, index);
        const gone = change.main <= compactRevision && isLeftOut(kept, place);
        // Since 3.4.34 and 3.5.16 etcd keeps a deletion at exactly the revision of the compaction, but not in this hash.
        const unstable = change.tombstone && change.main === compactRevision;
        if (!gone && !unstable) {
          hash = crc32cOfView(hash, leaf.page.view, leaf.keyStart(index), leaf.valueEnd(index));
        }
      }
    }
  }
  return { hash, revision, compactRevision };
}

/** When nothing is to be kept, etcd leaves nothing out. */
function isLeftOut(kept: KeptRecords | undefined, place: number): boolean {
  return kept !== undefined && kept.size > 0 && !kept.has(place);
}
