import { readFileSync, writeFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Entry } from '../../../src/datadir/bbolt/bucket.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries, inBatches } from '../../../src/datadir/bbolt/entry-stream.ts';
import { FreshDatabase } from '../../../src/datadir/bbolt/fresh-database.ts';
import { ChangeEncoder } from '../../../src/datadir/mvcc/change-encoder.ts';
import { compactDatabase } from '../../../src/datadir/mvcc/compact-database.ts';
import { decodeKeyValue } from '../../../src/datadir/mvcc/key-value.ts';
import { decodeRevisionKey, encodeRevisionKey, REVISION_KEY_SIZE } from '../../../src/datadir/mvcc/revision-key.ts';
import { revision } from '../../../src/revision.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { changeRecord } from './change-record.ts';

const { signal } = new AbortController();

/**
 * The bytes of a database of etcd in which these events have happened; `compacted` to its end on request, or up to a revision, for
 * which each revision has to have one event.
 */
export async function eventDatabase(
  history: readonly DeltaEvent[],
  {
    compacted = false,
    compactedUpTo,
    lost,
  }: { readonly compacted?: boolean; readonly compactedUpTo?: number; readonly lost?: number } = {},
): Promise<Buffer> {
  using dir = makeTempDir();
  await using fresh = await FreshDatabase.create(dir.join('db'), { pageSize: 4096 });
  const encoder = new ChangeEncoder({ after: 1, bytes: 1024 * 1024 });
  for (const event of compactedUpTo === undefined ? history : []) {
    const value = event.type === 'put' ? event.value : new Uint8Array(0);
    const source = Buffer.concat([event.key, value]);
    const keyEnd = event.key.length;
    const facts = event.type === 'put' ? event : { createRevision: 0, version: 0, lease: 0n };
    encoder.add(source, {
      ...facts,
      isDelete: event.type === 'delete',
      keyStart: 0,
      keyEnd,
      valueStart: keyEnd,
      valueEnd: source.length,
      modRevision: event.modRevision,
    });
  }
  const lostAt = history.findIndex(({ modRevision }) => modRevision === lost);
  async function* batches() {
    yield encoder.take();
  }
  const kept = lost === undefined ? compactedUpTo : 0;
  const held = kept === undefined ? batches() : inBatches(keptOf(history, kept).filter((_, at) => at !== lostAt));
  await fresh.bucket('key', held);
  await fresh.bucket('meta', compactedUpTo === undefined ? [] : inBatches(compactionMark(compactedUpTo)));
  await fresh.commit({ signal });
  if (!compacted) {
    return readFileSync(fresh.path);
  }
  await compactDatabase(fresh.path, dir.join('compacted'), { signal });
  return readFileSync(dir.join('compacted'));
}

/** The records that a compaction leaves. */
function keptOf(events: readonly DeltaEvent[], upTo: number): readonly Entry[] {
  const newest = new Map(
    events
      .filter(({ modRevision }) => modRevision <= upTo)
      .map((event) => [Buffer.from(event.key).toString('hex'), event] as const),
  );
  const kept = new Set(newest.values());
  return events
    .filter((event) => event.modRevision > upTo || (event.type === 'put' && kept.has(event)))
    .map((event) => {
      const [key, value] = changeRecord(event, 0);
      return { key, value };
    });
}

async function* compactionMark(main: number): AsyncGenerator<Entry, void> {
  const value = Buffer.alloc(REVISION_KEY_SIZE);
  encodeRevisionKey(value, 0, { main, sub: 0, tombstone: false });
  yield { key: Buffer.from('finishedCompactRev'), value };
}

/** The events that a database still has, in order. */
export async function eventsOfDatabase(bytes: Uint8Array): Promise<readonly DeltaEvent[]> {
  using dir = makeTempDir();
  writeFileSync(dir.join('db'), bytes);
  await using database = await Database.open(dir.join('db'));
  const bucket = await database.bucket('key');
  const events: DeltaEvent[] = [];
  if (bucket === undefined) {
    return events;
  }
  for await (const entry of bucketEntries(bucket, { signal })) {
    const change = decodeRevisionKey(entry.key);
    const record = decodeKeyValue(entry.value);
    if (change === undefined || record === undefined) {
      throw new Error('it holds a record that is no change of a key');
    }
    const [key, value, modRevision] = [record.key.slice(), record.value.slice(), revision(change.main)];
    const { version, lease } = record;
    const createRevision = revision(record.createRevision);
    events.push(
      change.tombstone
        ? { type: 'delete', key, modRevision }
        : { type: 'put', key, value, modRevision, createRevision, version, lease },
    );
  }
  return events;
}
