import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../../src/datadir/bbolt/append-transaction.ts';
import type { Entry } from '../../../../src/datadir/bbolt/bucket.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { inBatches } from '../../../../src/datadir/bbolt/entry-stream.ts';
import { newestMeta } from '../../../../src/datadir/bbolt/meta-pages.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { storedBuckets } from '../../../support/datadir/stored-buckets.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { seededBytes, seededRandom } from '../../../support/fixtures/byte-streams.ts';

const signal = new AbortController().signal;
const utf8 = new TextEncoder();

/** Differences of many thousand entries are no help; a digest fails at once. */
function digest(entries: readonly Entry[] = []): string {
  const hash = createHash('sha256').update(`${entries.length}`);
  for (const { key, value } of entries) {
    hash.update(`${key.length},${value.length};`).update(key).update(value);
  }
  return hash.digest('hex');
}

/** Entries with keys above every key of the golden databases, some values larger than a page. */
function* moreEntries(seed: number, from: number, count: number): Generator<Entry> {
  const random = seededRandom(seed);
  for (let index = from; index < from + count; index++) {
    const key = Buffer.alloc(17);
    key.writeUInt32BE(1 + index, 2);
    key[8] = 0x5f;
    const most = random() < 0.005 ? 40_000 : 300;
    const value = new Uint8Array(seededBytes(Math.floor(random() * most), index));
    yield { key, value };
  }
}

for (const name of ['etcd-3.5/gzip', 'etcd-3.4/gzip'] as const) {
  test(`appending to the key bucket of ${name} twice keeps everything and is sound`, async () => {
    using dir = makeTempDir();
    const path = writeFileIn(dir, 'db', goldenDatabase(name));
    const expected = await storedBuckets(path);
    for (const [round, count] of [8_000, 3_000].entries()) {
      const added = [...moreEntries(round, 1_000_000 * (round + 1), count)];
      await using transaction = await AppendTransaction.open(path);
      await transaction.append('key', inBatches(added));
      await transaction.commit({ signal });
      expected.get('key')?.push(...added.map(({ key, value }) => ({ key: new Uint8Array(key), value })));
      const found = await storedBuckets(path);
      assert.deepEqual([...found.keys()], [...expected.keys()]);
      for (const [bucket, entries] of expected) {
        assert.equal(digest(found.get(bucket)), digest(entries), bucket);
      }
    }
  });
}

for (const bucket of ['key', 'cluster', 'new']) {
  test(`entries appended to the bucket ${bucket} while the base is still being written follow its entries`, async () => {
    using dir = makeTempDir();
    const whole = goldenDatabase('etcd-3.5/gzip');
    const expected = await storedBuckets(writeFileIn(dir, 'whole', whole));
    const meta = newestMeta(whole) ?? assert.fail('no meta');
    const end = meta.highWater * meta.pageSize;
    const path = writeFileIn(dir, 'db', whole.subarray(0, 2 * meta.pageSize));
    const base = Promise.withResolvers<Database>();
    const added = Array.from(moreEntries(5, 10, 8_000), ({ key, value }) => ({
      key: Buffer.concat([Buffer.from([0xff]), key]),
      value,
    }));
    await using transaction = await AppendTransaction.begin(path, { meta, base: base.promise });
    const appended = transaction.append(bucket, inBatches(added));
    await eventually(() => (transaction.size > end + 1024 * 1024 ? true : undefined));
    const handle = await open(path, 'r+');
    await handle.write(whole, 0, end, 0);
    await handle.close();
    base.resolve(await Database.open(path));
    await appended;
    await transaction.commit({ signal });
    expected.set(bucket, [...(expected.get(bucket) ?? []), ...added]);
    const found = await storedBuckets(path);
    assert.deepEqual([...found.keys()], [...expected.keys()].toSorted());
    for (const [name, entries] of expected) {
      assert.equal(digest(found.get(name)), digest(entries), name);
    }
    await using grown = await Database.open(path);
    assert.deepEqual((await checkDatabase(grown, { signal })).damages, []);
  });
}

test('append throws the failure of a base that is never complete', async () => {
  using dir = makeTempDir();
  const whole = goldenDatabase('etcd-3.5/gzip');
  const meta = newestMeta(whole) ?? assert.fail('no meta');
  const lost = new Error('the base is damaged');
  const base = Promise.withResolvers<Database>();
  await using transaction = await AppendTransaction.begin(writeFileIn(dir, 'db', whole), { meta, base: base.promise });
  const appended = transaction.append('key', inBatches(moreEntries(5, 10, 2_000)));
  base.reject(lost);
  await assert.rejects(appended, lost);
});

test('an append transaction leaves every page of the base but the metas as it was', async () => {
  using dir = makeTempDir();
  const base = goldenDatabase('etcd-3.5/gzip');
  const path = writeFileIn(dir, 'db', base);
  await using transaction = await AppendTransaction.open(path);
  await transaction.append('key', inBatches(moreEntries(1, 10, 500)));
  await transaction.replace('members', [{ key: utf8.encode('a'), value: utf8.encode('b') }]);
  await transaction.commit({ signal });
  assert.ok(readFileSync(path).subarray(8192, base.length).equals(base.subarray(8192)));
});

test('without a commit the file still is the old database', async () => {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  const expected = await storedBuckets(path);
  {
    await using transaction = await AppendTransaction.open(path);
    await transaction.append('key', inBatches(moreEntries(1, 10, 50_000)));
  }
  assert.deepEqual(await storedBuckets(path), expected);
});

test('replace, merge and append create buckets, and replace can empty one', async () => {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  const expected = await storedBuckets(path);
  const entry = (key: string, value: string): Entry => ({ key: utf8.encode(key), value: utf8.encode(value) });
  const meta = expected.get('meta') ?? [];
  await using transaction = await AppendTransaction.open(path);
  await transaction.replace('members', []);
  await transaction.replace('new', [entry('x', '1')]);
  await transaction.append('appended', inBatches([entry('y', '2')]));
  await transaction.merge('merged', [entry('z', '3')], { signal });
  await transaction.merge('meta', [entry('a-first', 'f'), entry('consistent_index', 'c'), entry('zz-last', 'l')], {
    signal,
  });
  await transaction.commit({ signal });
  expected.set('members', []);
  expected.set('new', [entry('x', '1')]);
  expected.set('appended', [entry('y', '2')]);
  expected.set('merged', [entry('z', '3')]);
  expected.set('meta', [
    entry('a-first', 'f'),
    ...meta.map((kept) =>
      Buffer.from(kept.key).toString() === 'consistent_index' ? entry('consistent_index', 'c') : kept,
    ),
    entry('zz-last', 'l'),
  ]);
  const found = await storedBuckets(path);
  assert.deepEqual([...found.keys()], [...expected.keys()].toSorted());
  for (const [name, entries] of expected) {
    assert.deepEqual(found.get(name), entries, name);
  }
});

test('both metas describe the new state and are where bbolt expects them', async () => {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  await using before = await Database.open(path);
  await using transaction = await AppendTransaction.open(path);
  await transaction.append('key', inBatches(moreEntries(1, 10, 100)));
  await transaction.commit({ signal });
  const whole = readFileSync(path);
  const transactions = new Set<number>();
  for (const torn of [0, 1]) {
    const copy = Buffer.from(whole);
    copy.fill(0xff, torn * 4096, torn * 4096 + 4096);
    await using database = await Database.open(writeFileIn(dir, 'torn', copy));
    assert.ok(database.tornMeta);
    assert.equal(database.meta.freelist, undefined);
    assert.equal(database.meta.highWater * 4096, whole.length);
    assert.equal(database.meta.transaction % 2, 1 - torn);
    transactions.add(database.meta.transaction - before.meta.transaction);
  }
  assert.deepEqual([...transactions].toSorted(), [1, 2]);
});
