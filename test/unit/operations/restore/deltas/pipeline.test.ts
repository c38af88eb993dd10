import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../../../../scripts/lab/temp-dir.ts';
import type { DeltaReader, DeltaTask } from '../../../../../src/objects/delta-reader.ts';
import { DeltaPipeline } from '../../../../../src/operations/restore/deltas/pipeline.ts';
import { SameThreadReader } from '../../../../../src/operations/restore/deltas/same-thread-reader.ts';
import type { SnapStore, StoredSnapshot } from '../../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';
import { goldenObjects } from '../../../../support/fixtures/golden-store.ts';
import { memorySnapStore } from '../../../../support/stores/memory-snapstore.ts';

/** A reader that notes its tasks, and ends when the test lets it. */
class WatchedReader implements DeltaReader {
  readonly tasks: DeltaTask[] = [];
  readonly ending = Promise.withResolvers<void>();
  readonly mayEnd = Promise.withResolvers<void>();
  readonly #reader = new SameThreadReader();

  read(task: DeltaTask): ReturnType<DeltaReader['read']> {
    this.tasks.push(task);
    return this.#reader.read(task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.resolve();
    await this.mayEnd.promise;
    await this.#reader[Symbol.asyncDispose]();
  }
}

async function begin(
  dir: TempDir,
  {
    reader,
    refuse,
  }: { readonly reader?: DeltaReader; readonly refuse?: (delta: StoredSnapshot, at: number) => boolean },
): Promise<{ readonly pipeline: DeltaPipeline; readonly deltas: readonly StoredSnapshot[] }> {
  const inMemory = memorySnapStore(goldenObjects('etcd-3.5/gzip'));
  const context = recordedContext();
  const { snapshots } = await inMemory.list(context);
  const deltas = snapshots.filter(({ kind }) => kind === 'Incr');
  const store: SnapStore = {
    ...inMemory,
    fetch: async (snapshot, options) => {
      if (refuse?.(snapshot, deltas.indexOf(snapshot)) ?? false) {
        throw new StoreError('denied', { action: 'fetch', object: snapshot.key, found: 'no' });
      }
      return await inMemory.fetch(snapshot, options);
    },
  };
  const after = snapshots.find(({ kind }) => kind === 'Full')?.lastRevision ?? 0;
  const pipeline = new DeltaPipeline(
    {
      store,
      deltas,
      after,
      until: undefined,
      keptLeases: undefined,
      maxFetchers: 1,
      tempDir: dir.path,
      onFetched: () => undefined,
      ...(reader === undefined ? {} : { reader }),
    },
    context,
  );
  return { pipeline, deltas };
}

test('the files stay until their reader has ended', async () => {
  using dir = makeTempDir();
  const reader = new WatchedReader();
  const { pipeline } = await begin(dir, { reader });
  await eventually(() => (reader.tasks.length === 2 ? true : undefined), { intervalMs: 1 });
  const ended = pipeline[Symbol.asyncDispose]();
  await reader.ending.promise;
  assert.deepEqual(
    reader.tasks.map(({ file }) => existsSync(file)),
    [true, true],
  );
  reader.mayEnd.resolve();
  await ended;
  assert.deepEqual(readdirSync(dir.path), []);
});

test('a delta that cannot be fetched leaves the files of those before it to their reader', async () => {
  using dir = makeTempDir();
  const { pipeline, deltas } = await begin(dir, { refuse: (_, at) => at === 1 });
  await using _ = pipeline;
  let taken = 0;
  await assert.rejects(
    async () => {
      for await (const { records } of pipeline.runs()) {
        // The second delta is refused meanwhile.
        for (let turns = 0; turns < 20; turns++) {
          await turn();
        }
        for await (const _batch of records) {
          taken += 1;
        }
      }
    },
    { code: 'store_denied' },
  );
  assert.ok(deltas.length > 1);
  assert.equal(taken, 1);
});

test('whoever takes records of a pipeline that has ended is refused, and told no false end of the chain', async () => {
  using dir = makeTempDir();
  const { pipeline } = await begin(dir, {});
  const runs = pipeline.runs();
  const { value: first } = await runs.next();
  assert.ok(first !== undefined);
  await pipeline[Symbol.asyncDispose]();
  await assert.rejects(first.records.next(), /the reader of deltas has ended/);
  await assert.rejects(
    async () => {
      for await (const _ of runs) {
        // The one that was begun is given, then no end follows.
      }
    },
    { name: 'AbortError' },
  );
  assert.deepEqual(readdirSync(dir.path), []);
});
