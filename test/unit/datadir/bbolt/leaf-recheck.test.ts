import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { CheckDisagreement } from '../../../../src/datadir/bbolt/check-disagreement.ts';
import { type CheckReport, CheckWalk } from '../../../../src/datadir/bbolt/check-walk.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { type LeafChecker, LeafPageChecker } from '../../../../src/datadir/bbolt/leaf-page-checker.ts';
import { isInSample } from '../../../../src/datadir/bbolt/leaf-recheck.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { changeDatabase, PAGE_SIZE } from '../../../support/datadir/change-database.ts';
import { twoLevelDatabase } from '../../../support/datadir/two-level-database.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { wrongLeafChecker } from '../../../support/datadir/wrong-leaf-checker.ts';

const { signal } = new AbortController();

/** A database of two levels, the page number of a leaf below its branch changed. */
async function damaged(): Promise<Buffer> {
  using dir = makeTempDir();
  const path = await twoLevelDatabase(dir);
  await using database = await Database.open(path);
  const bucket = await database.bucket('key');
  assert.ok(bucket?.root.at === 'page');
  const { view } = await database.pages.page(bucket.root.page);
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(77_777, view.getUint32(16 + 8, true) * database.meta.pageSize);
  return bytes;
}

async function check(bytes: Buffer, leafChecker: LeafChecker, recheck: 'none' | 'sample'): Promise<CheckReport> {
  using dir = makeTempDir();
  await using database = await Database.open(writeFileIn(dir, 'db', bytes));
  return await new CheckWalk(database, { signal, newLeafChecker: () => leafChecker, recheck }).run();
}

describe('a sample of leaves that were checked together', () => {
  it('shows that a check was wrong to find a damaged page sound', async () => {
    const bytes = await damaged();
    await assert.rejects(check(bytes, wrongLeafChecker, 'sample'), (error) => {
      assert.ok(error instanceof CheckDisagreement);
      assert.match(
        error.message,
        /the fast check found .* sound, the thorough one disagrees: .* has the header of page 77777/,
      );
      return true;
    });
    assert.deepEqual((await check(bytes, wrongLeafChecker, 'none')).damages, []);
  });

  it('shows a wrong sum of sound pages', async () => {
    using dir = makeTempDir();
    const bytes = readFileSync(await twoLevelDatabase(dir));
    const real = new LeafPageChecker();
    const wrong: LeafChecker = {
      soundLeaves: (...request) => real.soundLeaves(...request),
      sum: () => ({ ...real.sum(), checksum: 1 }),
      keys: () => real.keys(),
    };
    await assert.rejects(check(bytes, wrong, 'sample'), {
      name: 'CheckDisagreement',
      message: /records of \d+ bytes with the checksum [0-9a-f]+ instead of .* checksum 1$/,
    });
  });

  it('agrees with the check in WebAssembly on sound databases', async (t) => {
    using dir = makeTempDir();
    const file = writeFileIn(dir, 'db', await changeDatabase(3000));
    const sums = t.mock.method(LeafPageChecker.prototype, 'sum');
    const expected = await inspectDatabase(file, { signal });
    assert.deepEqual(await inspectDatabase(file, { signal, recheck: 'sample' }), expected);
    await using database = await Database.open(file);
    sums.mock.resetCalls();
    assert.deepEqual((await checkDatabase(database, { signal, recheck: 'sample' })).damages, []);
    // Where no visitor asks for sums, only those of the sample are made.
    const made = sums.mock.callCount();
    assert.ok(made >= 1 && made <= 3, `${made} sums`);
    assert.equal(database.meta.pageSize, PAGE_SIZE);
  });
});

it('the sample is the first branch and about one of a hundred others, the same ones in every run', () => {
  for (const transaction of [1, 2, 700, 123_456]) {
    const meta = {
      pageSize: PAGE_SIZE,
      root: { page: 3, sequence: 0n },
      freelist: undefined,
      highWater: 50_000 + transaction,
      transaction,
    };
    const chosen = Array.from({ length: 20_000 }, (_, ordinal) => ordinal).filter((at) => isInSample(at, meta));
    assert.equal(chosen[0], 0);
    assert.ok(chosen.length > 140 && chosen.length < 260, `${chosen.length} of 20000`);
  }
});
