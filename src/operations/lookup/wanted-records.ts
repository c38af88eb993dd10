import type { FileHandle } from 'node:fs/promises';
import { type EntryBatch, EntryBatchBuilder } from '../../datadir/bbolt/entry-batch.ts';
import { checkLeafOrder } from '../../datadir/bbolt/key-bounds.ts';
import { Leaf } from '../../datadir/bbolt/leaf.ts';
import { decodePageHeader, type Page } from '../../datadir/bbolt/page.ts';
import { Damage } from '../../datadir/damage.ts';
import { checkChanges } from '../../datadir/mvcc/check-changes.ts';
import { decodeKeyValue, keyOf } from '../../datadir/mvcc/key-value.ts';
import type { FoundInFull } from '../../objects/key-index.ts';
import { isWanted, type WantedKeys } from '../../snapshot/key-index/wanted-keys.ts';

/** Bytes of a batch, or a little more. */
const BATCH_SIZE = 256 * 1024;

/**
 * The records of wanted keys in the pages that an index names, which are at their places in a file, in batches that are valid until the
 * next. Throws Damage unless each page is a sound leaf of changes that follows those before it.
 */
export async function* recordsInPages(
  { facts: { pageSize }, pages }: FoundInFull,
  { handle, file }: { readonly handle: FileHandle; readonly file: string },
  wanted: readonly WantedKeys[],
): AsyncGenerator<EntryBatch, void> {
  const batch = new EntryBatchBuilder({ bytes: BATCH_SIZE });
  let above: Uint8Array | undefined;
  for (const { page: id, overflow } of pages) {
    const bytes = Buffer.alloc((overflow + 1) * pageSize);
    await handle.read(bytes, 0, bytes.length, id * pageSize);
    const leaf = new Leaf(pageOf(bytes, { id, overflow, file, offset: id * pageSize }));
    checkLeafOrder(leaf, { min: above, below: undefined });
    checkChanges(leaf);
    above = leaf.count === 0 ? above : Uint8Array.from(leaf.key(leaf.count - 1));
    for (let index = 0; index < leaf.count; index++) {
      const key = keyOf(bytes, leaf.valueStart(index), leaf.valueEnd(index));
      if (key !== undefined && isWanted(key, wanted)) {
        batch.addFrom(bytes, leaf.keyStart(index), leaf.valueStart(index), leaf.valueEnd(index));
      }
    }
    if (batch.length >= BATCH_SIZE) {
      yield batch.batch();
      batch.clear();
    }
  }
  if (batch.count > 0) {
    yield batch.batch();
  }
}

/** The records of wanted keys in a batch of records of changes, valid until the next call. */
export function wantedOf(records: EntryBatch, wanted: readonly WantedKeys[]): EntryBatch {
  const { bytes, sizes, count } = records;
  const kept = new EntryBatchBuilder({ bytes: 1024 });
  let at = 0;
  for (let index = 0; index < count; index++) {
    const value = at + (sizes[index * 2] ?? 0);
    const end = value + (sizes[index * 2 + 1] ?? 0);
    const key = keyOf(bytes, value, end);
    if (key !== undefined && isWanted(key, wanted)) {
      kept.addFrom(bytes, at, value, end);
    }
    at = end;
  }
  return kept.batch();
}

/** Whether a change in a batch of records of changes has a lease; what cannot be decoded counts as one. */
export function hasLease({ bytes, sizes, count }: EntryBatch): boolean {
  let at = 0;
  for (let index = 0; index < count; index++) {
    const value = at + (sizes[index * 2] ?? 0);
    const end = value + (sizes[index * 2 + 1] ?? 0);
    if (decodeKeyValue(bytes, value, end)?.lease !== 0n) {
      return true;
    }
    at = end;
  }
  return false;
}

function pageOf(
  bytes: Buffer,
  { id, overflow, file, offset }: Pick<Page, 'id' | 'overflow' | 'file' | 'offset'>,
): Page {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = decodePageHeader(view, { file, offset });
  if (header.id !== id || header.overflow !== overflow) {
    const reason = `page ${id} of ${overflow + 1} has the header of page ${header.id} of ${header.overflow + 1}`;
    throw new Damage({ file, offset, reason });
  }
  return { ...header, bytes, view, file, offset };
}
