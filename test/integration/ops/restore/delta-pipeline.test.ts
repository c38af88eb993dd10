import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DeltaPipeline } from '../../../../src/ops/restore/delta-pipeline.ts';
import { largeChain } from '../../../support/large-chain.ts';
import { memorySnapStore } from '../../../support/memory-snapstore.ts';
import { recordedContext } from '../../../support/run-context.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

test('the file of the last delta stays until its records have been taken', async () => {
  using dir = makeTempDir();
  const { objects, baseRevision } = largeChain();
  const store = memorySnapStore(objects);
  const context = recordedContext();
  const { snapshots } = await store.list(context);
  const deltas = snapshots.filter(({ kind }) => kind === 'Incr');
  await using pipeline = new DeltaPipeline(
    {
      store,
      deltas,
      after: baseRevision,
      until: undefined,
      keptLeases: undefined,
      maxFetchers: 2,
      tempDir: dir.path,
      onFetched: () => undefined,
    },
    context,
  );
  let taken = 0;
  for await (const run of pipeline.runs()) {
    taken += 1;
    if (taken === deltas.length) {
      // Time to do it wrong: whoever thinks that all has been read removes the files now.
      await pause(200);
      const files = readdirSync(dir.path, { recursive: true });
      assert.ok(
        files.some((name) => String(name).endsWith(`/${deltas.length}`)),
        files.join(' '),
      );
    }
    for await (const _ of run.records) {
      // Only the file is of interest.
    }
  }
  assert.equal(taken, deltas.length);
});
