import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { newestMeta } from '../../../../src/datadir/bbolt/meta-pages.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';

const PAGE = 4096;

for (const name of ['etcd-3.4/gzip', 'etcd-3.5/gzip'] as const) {
  test(`the newest meta of ${name} is the same from its first bytes as from the whole file`, async () => {
    using dir = makeTempDir();
    const whole = goldenDatabase(name);
    await using database = await Database.open(writeFileIn(dir, 'db', whole));
    assert.deepEqual(newestMeta(whole.subarray(0, 2 * PAGE)), database.meta);
  });

  test(`the older meta of ${name} is the newest when the other one is torn`, async () => {
    using dir = makeTempDir();
    const torn = Buffer.from(goldenDatabase(name));
    const newest = newestMeta(torn)?.transaction ?? assert.fail('no meta');
    torn.fill(0xee, PAGE + 20, PAGE + 60);
    await using database = await Database.open(writeFileIn(dir, 'db', torn));
    assert.deepEqual(newestMeta(torn), database.meta);
    assert.ok(database.meta.transaction <= newest);
  });
}

test('the second meta is the newest when the first is torn', async () => {
  using dir = makeTempDir();
  const torn = Buffer.from(goldenDatabase('etcd-3.5/gzip'));
  torn.fill(0xee, 20, 60);
  await using database = await Database.open(writeFileIn(dir, 'db', torn));
  assert.deepEqual(newestMeta(torn), database.meta);
});

test('without a valid meta, or without all of the second, the first bytes do not decide', () => {
  const whole = goldenDatabase('etcd-3.5/gzip');
  for (const length of [0, 40, PAGE, PAGE + 40]) {
    assert.equal(newestMeta(whole.subarray(0, length)), undefined);
  }
  const torn = Buffer.from(whole);
  torn.fill(0xee, 20, 60);
  assert.equal(newestMeta(torn.subarray(0, PAGE)), undefined);
  torn.fill(0xee, PAGE + 20, PAGE + 60);
  assert.equal(newestMeta(torn), undefined);
});
