import type { Database } from '../bbolt/database.ts';
import { type EntryBatch, EntryBatchBuilder } from '../bbolt/entry-batch.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { leavesAt } from '../bbolt/leaf-groups.ts';
import { changeAt, historyLeaves, noChange } from './history-leaves.ts';
import { KeyTable } from './key-table.ts';
import { keyOf } from './key-value.ts';

/** Bytes of a batch. */
const BATCH_SIZE = 256 * 1024;

/** The records that a compaction keeps, by their place in the `key` bucket, from 0. */
export interface KeptRecords {
  readonly size: number;
  has(place: number): boolean;
  /** Numbers of the leaf pages that hold kept records, in order. */
  readonly pages: readonly number[];
  /** For each of these pages the place of its first record. */
  readonly firsts: readonly number[];
}

/**
 * Finds what a compaction at `revision` keeps of the history up to there: the newest change of each key, unless it is a
 * deletion. The record without a key that `--bump-revision` writes counts as a change of the empty key. Memory holds the names
 * of the living keys and a bit for each record. Throws Damage for a record that is no change of a key.
 *
 * Source: etcd server/storage/mvcc/key_index.go, keep.
 */
export async function keptRecords(
  database: Database,
  options: { readonly revision: number; readonly signal: AbortSignal },
): Promise<KeptRecords> {
  const newest = new KeyTable();
  let count = 0;
  const all: { readonly pages: number[]; readonly firsts: number[] } = { pages: [], firsts: [] };
  for await (const leaves of historyLeaves(database, options)) {
    for (const leaf of leaves) {
      all.pages.push(leaf.page.id);
      all.firsts.push(count);
      for (let index = 0; index < leaf.count; index++) {
        update(newest, leaf, index, { place: count++, revision: options.revision });
      }
    }
  }
  const kept = new Uint8Array(Math.ceil(count / 8));
  for (const place of newest.values()) {
    const at = Math.floor(place / 8);
    kept[at] = (kept[at] ?? 0) | (1 << (place % 8));
  }
  const has = (place: number): boolean => ((kept[Math.floor(place / 8)] ?? 0) & (1 << (place % 8))) !== 0;
  const pages: number[] = [];
  const firsts: number[] = [];
  for (const [index, first] of all.firsts.entries()) {
    const next = all.firsts[index + 1] ?? count;
    let place = first;
    while (place < next && !has(place)) {
      place++;
    }
    if (place < next) {
      pages.push(all.pages[index] ?? 0);
      firsts.push(first);
    }
  }
  return { size: newest.size, has, pages, firsts };
}

/** The kept records of the `key` bucket, in batches that are valid until the next one is asked for. */
export async function* keptBatches(
  database: Database,
  kept: KeptRecords,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<EntryBatch, void> {
  const bucket = await database.bucket('key');
  const batch = new EntryBatchBuilder({ bytes: BATCH_SIZE });
  const groups =
    bucket?.root.at === 'page' ? leavesAt(database, kept.pages, options) : historyLeaves(database, options);
  let seen = 0;
  for await (const leaves of groups) {
    for (const leaf of leaves) {
      const first = kept.firsts[seen++] ?? 0;
      for (let index = 0; index < leaf.count; index++) {
        if (kept.has(first + index)) {
          batch.addFrom(leaf.page.bytes, leaf.keyStart(index), leaf.valueStart(index), leaf.valueEnd(index));
        }
      }
      if (batch.length >= BATCH_SIZE) {
        yield batch.batch();
        batch.clear();
      }
    }
  }
  if (batch.count > 0) {
    yield batch.batch();
  }
}

/** Updates the newest change of a record's key; a tombstone removes the key. */
function update(
  newest: KeyTable,
  leaf: Leaf,
  index: number,
  at: { readonly place: number; readonly revision: number },
): void {
  const change = changeAt(leaf, index);
  const key = keyOf(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
  if (key === undefined) {
    throw noChange(leaf, index);
  }
  if (change.main > at.revision) {
    return;
  }
  if (change.tombstone) {
    newest.delete(key);
  } else {
    newest.set(key, at.place);
  }
}
