import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { findKey } from '../../../../src/operations/lookup/find-key.ts';
import { withState } from '../../../../src/operations/lookup/with-state.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { databaseOf, put } from '../../../support/fixtures/lookup-chain.ts';

test('a value is that of the key, however much of the database is read after it', async () => {
  using home = makeTempDir();
  const events = Array.from({ length: 600 }, (_, at) => put(`/k/${at}`, seededBytes(6_000, at), at + 2));
  const path = writeFileIn(home, 'full.db', await databaseOf(events));
  const request = {
    source: { kind: 'path', path, revision: undefined },
    tempDir: home.join('temp'),
    maxFetchers: 2,
  } as const;
  const context = recordedContext();
  await withState(request, context, async (state) => {
    for (const at of [0, 1, 150, 300, 450, 599]) {
      const { value } = await findKey(Buffer.from(`/k/${at}`), state, context);
      assert.ok(Buffer.from(value).equals(seededBytes(6_000, at)), `key ${at}`);
    }
  });
});
