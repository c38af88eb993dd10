import assert from 'node:assert/strict';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { DatabaseWriter } from '../../../../src/operations/restore/database-writer.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';

const signal = new AbortController().signal;

for (const [what, exchange] of Object.entries({
  exchanged: (dir: TempDir, file: string) => {
    copyFileSync(file, dir.join('copy'));
    renameSync(dir.join('copy'), file);
  },
  removed: (_: TempDir, file: string) => rmSync(file),
})) {
  test(`a database that is ${what} while it is written does not pass for the one that was written`, async () => {
    using dir = makeTempDir();
    const file = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
    const base = await Database.open(file);
    await using writer = await DatabaseWriter.begin(file, {
      meta: base.meta,
      base: Promise.resolve(base),
      quotaBytes: undefined,
    });
    exchange(dir, file);
    await assert.rejects(writer.finish({ bucketEntries: new Map() }, { signal }), { code: 'data_dir_changed' });
  });
}
