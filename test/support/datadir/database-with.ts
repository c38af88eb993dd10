import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../src/datadir/bbolt/append-transaction.ts';
import { EntryBatchBuilder } from '../../../src/datadir/bbolt/entry-batch.ts';
import { encodeKeyValue, encodeTombstone, KEY_VALUE_OVERHEAD } from '../../../src/datadir/mvcc/key-value.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../../src/datadir/mvcc/revision-key.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { goldenDatabase } from './golden.ts';
import { written } from './written.ts';

/** The golden database with the changes that `events`, in order and above its revisions, stand for, and its SHA-256. */
export async function databaseWith(events: readonly DeltaEvent[]): Promise<Buffer> {
  using dir = makeTempDir();
  const path = written(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  if (events.length > 0) {
    await using transaction = await AppendTransaction.open(path);
    async function* records() {
      const builder = new EntryBatchBuilder({ bytes: 4096 });
      let sub = 0;
      for (const [at, event] of events.entries()) {
        sub = events[at - 1]?.modRevision === event.modRevision ? sub + 1 : 0;
        const [key, value] = recordOf(event, sub);
        builder.add(key, value);
      }
      yield builder.take({ bytes: 64 });
    }
    await transaction.append('key', records());
    await transaction.commit({ signal: new AbortController().signal });
  }
  const database = readFileSync(path);
  return Buffer.concat([database, createHash('sha256').update(database).digest()]);
}

function recordOf(event: DeltaEvent, sub: number): readonly [Buffer, Buffer] {
  const tombstone = event.type === 'delete';
  const key = Buffer.alloc(REVISION_KEY_SIZE + 1);
  const keySize = encodeRevisionKey(key, 0, { main: event.modRevision, sub, tombstone });
  const value = event.type === 'put' ? event.value : Buffer.alloc(0);
  const source = Buffer.concat([event.key, value]);
  const record = Buffer.alloc(source.length + KEY_VALUE_OVERHEAD);
  const ranges = { keyStart: 0, keyEnd: event.key.length, valueStart: event.key.length, valueEnd: source.length };
  const size =
    event.type === 'delete'
      ? encodeTombstone(record, 0, source, ranges)
      : encodeKeyValue(record, 0, source, {
          ...ranges,
          createRevision: event.createRevision,
          modRevision: event.modRevision,
          version: event.version,
          lease: event.lease,
        });
  return [key.subarray(0, keySize), record.subarray(0, size)];
}
