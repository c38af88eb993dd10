import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../../src/datadir/bbolt/append-transaction.ts';
import { Branch } from '../../../../src/datadir/bbolt/branch.ts';
import type { Entry } from '../../../../src/datadir/bbolt/bucket.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { inBatches, leafEntries } from '../../../../src/datadir/bbolt/entry-stream.ts';
import { FreshDatabase } from '../../../../src/datadir/bbolt/fresh-database.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

const signal = new AbortController().signal;

/** Keys of 17 bytes in order; a few values go on over more pages. */
function entry(place: number): Entry {
  const key = Buffer.alloc(17);
  key.writeUInt32BE(place, 4);
  key[8] = 0x5f;
  return { key, value: Buffer.alloc(place % 97 === 0 ? 3_000 : place % 120, place % 251) };
}

async function keysOf(path: string): Promise<readonly number[]> {
  await using database = await Database.open(path);
  const { damages } = await checkDatabase(database, { signal });
  assert.deepEqual(damages, []);
  const bucket = await database.bucket('key');
  assert.ok(bucket !== undefined);
  if (bucket.root.at === 'page') {
    await checkBranches(database, bucket.root.page);
  }
  const keys: number[] = [];
  for await (const leaf of bucket.leaves({ signal })) {
    for (const { key, value } of leafEntries(leaf)) {
      const place = Buffer.from(key).readUInt32BE(4);
      assert.ok(Buffer.from(value).equals(entry(place).value), `the value of ${place}`);
      keys.push(place);
    }
  }
  return keys;
}

/** bbolt panics when a page becomes empty that has no sibling. */
async function checkBranches(database: Database, id: number): Promise<void> {
  const page = await database.pages.page(id);
  if (page.kind === 'branch') {
    const branch = new Branch(page);
    assert.ok(branch.count >= 2, `branch page ${id} has a single child`);
    const children = Array.from({ length: branch.count }, (_, index) => branch.child(index));
    for (const child of children) {
      await checkBranches(database, child);
    }
  }
}

/** Where the second pages of the first branches below begin: a cut there leaves a branch a single child. */
async function edgesOf(path: string): Promise<readonly number[]> {
  await using database = await Database.open(path);
  const bucket = await database.bucket('key');
  const edges: number[] = [];
  const pages = bucket?.root.at === 'page' ? [bucket.root.page] : [];
  for (let id = pages.shift(); id !== undefined && edges.length < MOST_EDGES; id = pages.shift()) {
    const page = await database.pages.page(id);
    if (page.kind === 'branch') {
      const branch = new Branch(page);
      edges.push(Buffer.from(branch.key(1)).readUInt32BE(4));
      pages.push(...Array.from({ length: branch.count }, (_, index) => branch.child(index)));
    }
  }
  return edges;
}

const MOST_EDGES = 6;

/** How many cuts of a bucket are tried next to those at its edges. */
const CUTS = randomWalkLength({ usual: 4, long: 40 });

/** Enough for branches above branches. */
const LARGE = randomWalkLength({ usual: 2_500, long: 6_000 });

for (const count of [0, 1, 3, 40, 700, LARGE]) {
  test(`a bucket of ${count} entries is cut anywhere and stays sound, with and without new ones after it`, async () => {
    using dir = makeTempDir();
    const whole = Array.from({ length: count }, (_, place) => entry(place));
    {
      // Small pages make a deep tree.
      await using fresh = await FreshDatabase.create(dir.join('whole'), { pageSize: 1024 });
      await fresh.bucket('key', inBatches(whole));
      await fresh.commit({ signal });
    }
    const places = new Set([0, 1, 2, count - 2, count - 1, count, count + 5, ...(await edgesOf(dir.join('whole')))]);
    for (let place = 3; place < count; place += Math.max(1, Math.floor(count / CUTS))) {
      places.add(place);
    }
    for (const at of [...places].filter((place) => place >= 0)) {
      for (const added of [0, 1, 400]) {
        if (added === 400 && at % 5 !== 0) {
          continue;
        }
        await cp(dir.join('whole'), dir.join('cut'), { force: true });
        {
          await using transaction = await AppendTransaction.open(dir.join('cut'));
          const more = Array.from({ length: added }, (_, place) => entry(10_000 + place));
          await transaction.append('key', inBatches(more), { below: entry(at).key });
          await transaction.commit({ signal });
        }
        const kept = Math.min(at, count);
        const expected = [
          ...Array.from({ length: kept }, (_, place) => place),
          ...Array.from({ length: added }, (_, place) => 10_000 + place),
        ];
        assert.deepEqual(await keysOf(dir.join('cut')), expected, `cut at ${at}, ${added} added`);
      }
    }
  });
}
