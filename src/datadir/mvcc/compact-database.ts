import type { Entry } from '../bbolt/bucket.ts';
import { Database } from '../bbolt/database.ts';
import type { EntryBatch } from '../bbolt/entry-batch.ts';
import { bucketEntries, inBatches, mergeEntries } from '../bbolt/entry-stream.ts';
import { FreshDatabase } from '../bbolt/fresh-database.ts';
import { keptBatches, keptRecords } from './kept-records.ts';
import { readLastRevision } from './last-revision.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from './revision-key.ts';

/** A database whose history was compacted. */
export interface CompactedDatabase {
  /** The last revision, to which the history is compacted. */
  readonly revision: number;
  /** Number of changes that were kept: one for each living key. */
  readonly kept: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Writes a new database (0600) with only the newest change of each living key of `source`, as etcd has it after a compaction at
 * the last revision and a defragmentation. All buckets but the history stay as they are. The source is read twice; the names
 * of the living keys are held in memory. Throws Damage, and what the file system throws.
 */
export async function compactDatabase(
  source: string,
  target: string,
  options: { readonly signal: AbortSignal },
): Promise<CompactedDatabase> {
  await using database = await Database.open(source);
  const revision = await readLastRevision(database);
  const kept = await keptRecords(database, { ...options, revision });
  await using fresh = await FreshDatabase.create(target, { pageSize: database.meta.pageSize });
  for await (const { key: name } of bucketEntries(database.root, { ...options, content: 'buckets' })) {
    const bucket = await database.root.bucket(name);
    if (bucket !== undefined) {
      const { sequence } = bucket.root;
      const text = Buffer.from(name).toString('latin1');
      await fresh.bucket(name, contents(text, bucketEntries(bucket, options)), { sequence });
    }
  }
  await fresh.commit(options);
  return { revision, kept: kept.size, size: fresh.size };

  function contents(name: string, entries: AsyncIterable<Entry>): AsyncIterable<EntryBatch> {
    switch (name) {
      case 'key':
        return keptBatches(database, kept, options);
      case 'meta':
        return inBatches(mergeEntries(entries, compactionMarks(revision)));
      default:
        return inBatches(entries);
    }
  }
}

/** Both marks in key order: the compaction was begun and has finished. */
function compactionMarks(main: number): readonly Entry[] {
  const value = new Uint8Array(REVISION_KEY_SIZE);
  encodeRevisionKey(value, 0, { main, sub: 0, tombstone: false });
  return ['finishedCompactRev', 'scheduledCompactRev'].map((mark) => ({ key: Buffer.from(mark), value }));
}
