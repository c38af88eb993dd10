import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { DeltaPipeline } from '../../../../../src/operations/restore/deltas/pipeline.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';
import { largeChain } from '../../../../support/fixtures/large-chain.ts';
import { memorySnapStore } from '../../../../support/stores/memory-snapstore.ts';

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
      memoryBytes: 0,
      onFetched: () => undefined,
    },
    context,
  );
  let taken = 0;
  for await (const run of pipeline.runs()) {
    taken += 1;
    if (taken === deltas.length) {
      // Nothing may happen now, so there is no condition to wait for: a pipeline that believes all is read would remove the file.
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
