import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { changesAt } from '../../../../src/datadir/mvcc/changes-at.ts';
import { databaseWith } from '../../../support/datadir/database-with.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { del, history, put } from '../../../support/fixtures/delta-events.ts';

test('the changes of one revision are found, in order, and no others', async () => {
  using dir = makeTempDir();
  const events = [...history(59, 400), put('x', 401, { lease: 7n }), del('y', 401), put('z', 402)];
  const path = writeFileIn(dir, 'db', (await databaseWith(events)).subarray(0, -32));
  await using database = await Database.open(path);
  const at = async (main: number): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key, tombstone, modRevision } of changesAt(database, main, {
      signal: AbortSignal.timeout(9_000),
    })) {
      found.push(`${Buffer.from(key).toString()} ${tombstone ? 'deleted' : modRevision}`);
    }
    return found;
  };
  assert.deepEqual(await at(401), ['x 401', 'y deleted']);
  assert.deepEqual(await at(59), ['key-59 59']);
  assert.deepEqual(await at(402), ['z 402']);
  assert.deepEqual(await at(403), []);
});
