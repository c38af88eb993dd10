import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { Entry } from '../../../../src/datadir/bbolt/bucket.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { inBatches } from '../../../../src/datadir/bbolt/entry-stream.ts';
import { FreshDatabase } from '../../../../src/datadir/bbolt/fresh-database.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { scatterPages } from '../../../support/datadir/scatter-pages.ts';
import { storedBuckets } from '../../../support/datadir/stored-buckets.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { seededBytes, seededRandom } from '../../../support/fixtures/byte-streams.ts';

const { signal } = new AbortController();

/** Entries in key order; some values are larger than a page, some empty, keys of all sizes. */
function sortedEntries(count: number, options: { readonly pageSize: number }): readonly Entry[] {
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, index) => {
    const most = random() < 0.01 ? 4 * options.pageSize : 120;
    const prefix = Buffer.from(String(index).padStart(8, '0'));
    const key = Buffer.concat([prefix, seededBytes(Math.floor(random() * (index % 50 === 0 ? 500 : 20)), index)]);
    return { key: Uint8Array.from(key), value: new Uint8Array(seededBytes(Math.floor(random() * most), index)) };
  });
}

async function fresh(
  dir: TempDir,
  buckets: ReadonlyMap<string, readonly Entry[]>,
  options: { readonly pageSize: number },
): Promise<string> {
  const path = dir.join(`db-${options.pageSize}`);
  await using database = await FreshDatabase.create(path, options);
  for (const [name, entries] of buckets) {
    await database.bucket(name, inBatches(entries));
  }
  await database.commit({ signal });
  assert.equal(statSync(path).size, database.size);
  return path;
}

describe('a fresh database', () => {
  for (const pageSize of [1024, 4096, 16_384, 65_536]) {
    it(`of pages of ${pageSize} bytes holds what was written, names in order, and wastes nothing`, async () => {
      using dir = makeTempDir();
      const key = sortedEntries(8000, { pageSize });
      const buckets = new Map([
        ['meta', sortedEntries(3, { pageSize })],
        ['key', key],
        ['auth', []],
        ['lease', sortedEntries(700, { pageSize })],
      ]);
      const path = await fresh(dir, buckets, { pageSize });
      assert.deepEqual(await storedBuckets(path), new Map([...buckets].toSorted(([a], [b]) => (a < b ? -1 : 1))));
      await using database = await Database.open(path);
      assert.equal(database.meta.pageSize, pageSize);
      assert.ok(database.meta.freelist !== undefined);
      const { freePages } = await checkDatabase(database, { signal });
      assert.equal(freePages, 0);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      // A value larger than a page may leave most of its last page empty; everything else is packed.
      const bytes = key.reduce((sum, entry) => sum + 16 + entry.key.length + entry.value.length, 0);
      assert.ok(database.meta.highWater * pageSize < bytes * 2 + 12 * pageSize);
    });
  }

  for (const pageSize of [1024, 4096]) {
    it(`of pages of ${pageSize} bytes stays the same when its pages are scattered`, async () => {
      using dir = makeTempDir();
      const buckets = new Map([
        ['key', sortedEntries(5000, { pageSize })],
        ['lease', sortedEntries(500, { pageSize })],
      ]);
      const bytes = readFileSync(await fresh(dir, buckets, { pageSize }));
      const other = scatterPages(bytes, { pageSize, seed: pageSize });
      assert.ok(!other.equals(bytes));
      assert.deepEqual(await storedBuckets(writeFileIn(dir, 'scattered', other)), buckets);
      // A page with another number is found wherever it is.
      for (const [seed, flag] of [1, 2, 4, 16, 32].entries()) {
        const copy = Buffer.from(other);
        const page = 2 + Math.floor(seededRandom(seed)() * (copy.length / pageSize - 2));
        copy.writeUInt32LE(copy.readUInt32LE(page * pageSize) + flag, page * pageSize);
        await using database = await Database.open(writeFileIn(dir, 'altered', copy));
        const { damages } = await checkDatabase(database, { signal });
        const header = other.readUInt32LE(page * pageSize) === page;
        assert.ok(
          !header || damages.some(({ reason }) => reason === `page ${page} has the header of page ${page + flag}`),
        );
      }
    });
  }

  it('may hold values of many pages, wherever they are', async () => {
    using dir = makeTempDir();
    const entries = Array.from({ length: 60 }, (_, index) => ({
      key: Uint8Array.from(Buffer.from(`long-${String(index).padStart(3, '0')}`)),
      value: new Uint8Array(index === 40 ? 9_000_000 : 300_000).fill(index),
    }));
    const path = await fresh(dir, new Map([['key', entries]]), { pageSize: 4096 });
    const bytes = readFileSync(path);
    for (const content of [bytes, scatterPages(bytes, { pageSize: 4096, seed: 1 })]) {
      const found = (await storedBuckets(writeFileIn(dir, 'copy', content))).get('key') ?? [];
      assert.equal(found.length, entries.length);
      assert.ok(found.every(({ value }, index) => Buffer.compare(value, entries[index]?.value ?? value) === 0));
    }
  });

  it('without any bucket is sound', async () => {
    using dir = makeTempDir();
    assert.deepEqual(await storedBuckets(await fresh(dir, new Map(), { pageSize: 4096 })), new Map());
  });

  it('survives the loss of either meta', async () => {
    using dir = makeTempDir();
    const buckets = new Map([['key', sortedEntries(100, { pageSize: 4096 })]]);
    const bytes = readFileSync(await fresh(dir, buckets, { pageSize: 4096 }));
    for (const torn of [0, 1]) {
      const copy = Buffer.from(bytes);
      copy.fill(0, torn * 4096, torn * 4096 + 4096);
      assert.deepEqual(await storedBuckets(writeFileIn(dir, 'torn', copy)), buckets);
    }
  });

  it('is no database before it is committed', async () => {
    using dir = makeTempDir();
    const path = dir.join('db');
    await using database = await FreshDatabase.create(path, { pageSize: 4096 });
    await database.bucket('key', inBatches(sortedEntries(20_000, { pageSize: 4096 })));
    await assert.rejects(Database.open(path), Damage);
    const stop = new AbortController();
    const reason = new Error('stopped');
    stop.abort(reason);
    await assert.rejects(database.commit({ signal: stop.signal }), reason);
    await assert.rejects(Database.open(path), Damage);
  });

  it('refuses a bucket twice and a file that is there', async () => {
    using dir = makeTempDir();
    await using database = await FreshDatabase.create(dir.join('db'), { pageSize: 4096 });
    await database.bucket('key', []);
    await assert.rejects(database.bucket('key', []), RangeError);
    await assert.rejects(FreshDatabase.create(dir.join('db'), { pageSize: 4096 }), { code: 'EEXIST' });
  });
});
