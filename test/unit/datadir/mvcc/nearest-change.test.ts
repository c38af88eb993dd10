import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { firstChangeFrom, lastChangeUpTo } from '../../../../src/datadir/mvcc/nearest-change.ts';
import { eventDatabase } from '../../../support/datadir/event-database.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { put } from '../../../support/fixtures/delta-events.ts';

test('the records of a database next to a revision are found, also where many are missing', async () => {
  using dir = makeTempDir();
  const puts = Array.from({ length: 38 }, (_, at) => put('a', at + 3));
  const signal = AbortSignal.timeout(20_000);
  const bytes = await eventDatabase([put('b', 2), ...puts], { compactedUpTo: 30 });
  await using database = await Database.open(writeFileIn(dir, 'db', bytes));
  for (const [at, next, before] of [
    [0, 2, 0],
    [2, 2, 2],
    [3, 30, 2],
    [29, 30, 2],
    [30, 30, 30],
    [31, 31, 31],
    [40, 40, 40],
    [41, undefined, 40],
  ] as const) {
    const first = await firstChangeFrom(database, at, { signal });
    assert.deepEqual([at, first?.main, first?.isRaise ?? false], [at, next, false]);
    assert.equal(await lastChangeUpTo(database, at, { signal }), before, String(at));
  }
});
