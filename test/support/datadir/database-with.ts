import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../src/datadir/bbolt/append-transaction.ts';
import { EntryBatchBuilder } from '../../../src/datadir/bbolt/entry-batch.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { changeRecord } from './change-record.ts';
import { goldenDatabase } from './golden.ts';
import { writeFileIn } from './write-file-in.ts';

/** The golden database with the changes that `events`, in order and above its revisions, stand for, and its SHA-256. */
export async function databaseWith(events: readonly DeltaEvent[]): Promise<Buffer> {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  if (events.length > 0) {
    await using transaction = await AppendTransaction.open(path);
    async function* records() {
      const builder = new EntryBatchBuilder({ bytes: 4096 });
      let sub = 0;
      for (const [at, event] of events.entries()) {
        sub = events[at - 1]?.modRevision === event.modRevision ? sub + 1 : 0;
        const [key, value] = changeRecord(event, sub);
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
