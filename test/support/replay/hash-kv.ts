import { crc32c } from '../../../src/checksum/crc32c.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { decodeKeyValue, encodeKeyValue, encodeTombstone } from '../../../src/datadir/mvcc/key-value.ts';
import { decodeRevisionKey, encodeRevisionKey } from '../../../src/datadir/mvcc/revision-key.ts';
import type { ReplayedChange } from '../../../src/datadir/replay/store-state.ts';

/** A record of the `key` bucket. */
interface HistoryRecord {
  readonly revisionKey: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * HashKV as etcd computes it at its newest revision: CRC-32C over the name of the bucket and over all records above the
 * compaction, and those below it that are still the newest of their key. Over a db and what a replay adds to it.
 */
export async function hashKv(db: string, changes: readonly ReplayedChange[], compactRevision: number): Promise<number> {
  const records: HistoryRecord[] = [];
  await using database = await Database.open(db);
  const bucket = await database.bucket('key');
  for await (const leaf of bucket?.leaves({ signal: new AbortController().signal }) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      records.push({ revisionKey: leaf.key(index), value: leaf.value(index) });
    }
  }
  records.push(...changes.map(encodeChange));
  return hashOfRecords(records, compactRevision);
}

/** HashKV of a history that was never compacted before, as etcd computes it after a compaction at `compactRevision`. */
export function hashKvOfChanges(changes: readonly ReplayedChange[], compactRevision: number): number {
  return hashOfRecords(changes.map(encodeChange), compactRevision);
}

function hashOfRecords(records: readonly HistoryRecord[], compactRevision: number): number {
  const newest = new Map<string, HistoryRecord>();
  for (const record of records) {
    const key = Buffer.from(decodeKeyValue(record.value)?.key ?? []).toString('latin1');
    if (decodeRevisionKey(record.revisionKey)?.tombstone) newest.delete(key);
    else newest.set(key, record);
  }
  const kept = new Set(newest.values());
  return records
    .filter((record) => {
      const main = decodeRevisionKey(record.revisionKey)?.main ?? 0;
      return main > compactRevision || kept.size === 0 || kept.has(record);
    })
    .reduce((hash, record) => crc32c(crc32c(hash, record.revisionKey), record.value), crc32c(0, Buffer.from('key')));
}

function encodeChange(change: ReplayedChange): HistoryRecord {
  const key = Buffer.from(change.key, 'latin1');
  const value = change.kind === 'put' ? change.value : new Uint8Array();
  const source = Buffer.concat([key, value]);
  const target = new Uint8Array(source.length + 100);
  const tombstone = change.kind === 'delete';
  const split = encodeRevisionKey(target, 0, { main: change.revision, sub: change.sub, tombstone });
  const place = { keyStart: 0, keyEnd: key.length };
  const end =
    change.kind === 'delete'
      ? encodeTombstone(target, split, source, place)
      : encodeKeyValue(target, split, source, {
          ...place,
          valueStart: key.length,
          valueEnd: source.length,
          createRevision: change.createRevision,
          modRevision: change.revision,
          version: change.version,
          lease: change.lease,
        });
  return { revisionKey: target.subarray(0, split), value: target.subarray(split, end) };
}
