import type { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { Damage } from '../damage.ts';
import { KeyTable } from './key-table.ts';
import { decodeKeyValue } from './key-value.ts';
import { type ChangeRevision, decodeRevisionKey } from './revision-key.ts';

/** One record of the `key` bucket, where it lies in a leaf page. */
export interface HistoryRecord {
  readonly leaf: Leaf;
  readonly index: number;
  /** Place in the bucket, from 0. */
  readonly ordinal: number;
  readonly change: ChangeRevision;
}

/** All records of the `key` bucket in order. Throws {@link Damage} for a key that is no revision. */
export async function* historyRecords(
  database: Database,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<readonly HistoryRecord[], void> {
  const bucket = await database.bucket('key');
  let ordinal = 0;
  for await (const leaf of bucket?.leaves(options) ?? []) {
    yield Array.from({ length: leaf.count }, (_, index) => {
      const change = decodeRevisionKey(leaf.page.bytes, leaf.keyStart(index), leaf.valueStart(index));
      if (change === undefined) {
        throw unreadable(leaf, index);
      }
      return { leaf, index, ordinal: ordinal++, change };
    });
  }
}

/** The records that a compaction keeps, by ordinal. */
export interface KeptRecords {
  readonly size: number;
  has(ordinal: number): boolean;
}

/**
 * Finds what a compaction at `revision` keeps of the history up to there: the newest change of each key, unless that is
 * its deletion. The record without a key that `--bump-revision` leaves counts as a key of its own. The names of
 * the living keys are held in memory, and a bit for each record.
 *
 * Source: etcd server/storage/mvcc/key_index.go, keep.
 */
export async function keptRecords(
  database: Database,
  options: { readonly revision: number; readonly signal: AbortSignal },
): Promise<KeptRecords> {
  const newest = new KeyTable();
  let count = 0;
  for await (const records of historyRecords(database, options)) {
    for (const { leaf, index, ordinal, change } of records) {
      count = ordinal + 1;
      if (change.main > options.revision) {
        continue;
      }
      const record = decodeKeyValue(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
      if (record === undefined) {
        throw unreadable(leaf, index);
      }
      if (change.tombstone) {
        newest.delete(record.key);
      } else {
        newest.set(record.key, ordinal);
      }
    }
  }
  const kept = new Uint8Array(Math.ceil(count / 8));
  for (const ordinal of newest.values()) {
    const at = Math.floor(ordinal / 8);
    kept[at] = (kept[at] ?? 0) | (1 << (ordinal % 8));
  }
  return {
    size: newest.size,
    has: (ordinal) => ((kept[Math.floor(ordinal / 8)] ?? 0) & (1 << (ordinal % 8))) !== 0,
  };
}

function unreadable(leaf: Leaf, index: number): Damage {
  const reason = `record ${index} of page ${leaf.page.id} is no change of a key`;
  return new Damage({ file: leaf.page.file, offset: leaf.page.offset + leaf.keyStart(index), reason });
}
