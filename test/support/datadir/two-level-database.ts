import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../src/datadir/bbolt/append-transaction.ts';
import { inBatches } from '../../../src/datadir/bbolt/entry-stream.ts';
import { goldenDatabase } from './golden.ts';
import { writeFileIn } from './write-file-in.ts';

/** Writes a golden database whose `key` bucket has grown to two levels, a branch page above leaves, and gives its path. */
export async function twoLevelDatabase(dir: TempDir): Promise<string> {
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  await using transaction = await AppendTransaction.open(path);
  const entries = Array.from({ length: 300 }, (_, at) => {
    const key = Buffer.alloc(17);
    key.writeUInt32BE(1000 + at, 4);
    key[8] = 0x5f;
    return { key, value: Buffer.alloc(100, at) };
  });
  await transaction.append('key', inBatches(entries));
  await transaction.commit({ signal: new AbortController().signal });
  return path;
}
