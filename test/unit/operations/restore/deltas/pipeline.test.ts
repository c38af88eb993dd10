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
    memoryBytes,
    listed = (delta) => delta,
  }: {
    readonly reader?: DeltaReader;
    readonly refuse?: (delta: StoredSnapshot, at: number) => boolean;
    /** Made of the sizes of the deltas. */
    readonly memoryBytes?: (sizes: readonly number[]) => number;
    readonly listed?: (delta: StoredSnapshot) => StoredSnapshot;
  },
): Promise<{ readonly pipeline: DeltaPipeline; readonly deltas: readonly StoredSnapshot[] }> {
  const inMemory = memorySnapStore(goldenObjects('etcd-3.5/gzip'));
  const context = recordedContext();
  const { snapshots } = await inMemory.list(context);
  const deltas = snapshots.filter(({ kind }) => kind === 'Incr').map(listed);
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
      ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes(deltas.map(({ size }) => size)) }),
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
    reader.tasks.map(({ stored }) => stored.kind === 'file' && existsSync(stored.path)),
    [true, true],
  );
  reader.mayEnd.resolve();
  await ended;
  assert.deepEqual(readdirSync(dir.path), []);
});

test('whoever ends a pipeline that is ending waits for its end, too', async () => {
  using dir = makeTempDir();
  const reader = new WatchedReader();
  const { pipeline } = await begin(dir, { reader });
  const first = pipeline[Symbol.asyncDispose]();
  await reader.ending.promise;
  let hasEnded = false;
  const second = pipeline[Symbol.asyncDispose]().then(() => {
    hasEnded = true;
  });
  for (let turns = 0; turns < 5; turns++) {
    await turn();
  }
  assert.ok(!hasEnded);
  reader.mayEnd.resolve();
  await second;
  assert.deepEqual(readdirSync(dir.path), []);
  await first;
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

/** Takes all records; where the bytes of each delta were, what was in the directory meanwhile, and all records. */
async function readAll(
  dir: TempDir,
  options: Omit<Parameters<typeof begin>[1], 'reader'>,
): Promise<{ readonly places: readonly string[]; readonly madeFiles: boolean; readonly records: string }> {
  const reader = new WatchedReader();
  reader.mayEnd.resolve();
  const { pipeline } = await begin(dir, { ...options, reader });
  await using _ = pipeline;
  const records: string[] = [];
  let madeFiles = false;
  for await (const run of pipeline.runs()) {
    for await (const { count, sizes, bytes } of run.records) {
      const length = sizes.subarray(0, count * 2).reduce((sum, size) => sum + size, 0);
      records.push(Buffer.from(bytes.subarray(0, length)).toString('hex'));
    }
    madeFiles ||= readdirSync(dir.path).length > 0;
  }
  return { places: reader.tasks.map(({ stored }) => stored.kind), madeFiles, records: records.join('') };
}

test('deltas for which there is memory make no files, the others do, and what is read is the same', async () => {
  using dir = makeTempDir();
  const files = await readAll(dir, { memoryBytes: () => 0 });
  assert.ok(files.places.length > 1 && files.records.length > 0);
  assert.deepEqual(new Set(files.places), new Set(['file']));
  assert.ok(files.madeFiles);
  const memory = await readAll(dir, { memoryBytes: (sizes) => sizes.reduce((sum, size) => sum + size, 0) });
  assert.deepEqual(new Set(memory.places), new Set(['memory']));
  assert.ok(!memory.madeFiles);
  assert.equal(memory.records, files.records);
  // The second is fetched while the first is in use.
  const both = await readAll(dir, { memoryBytes: ([first = 0]) => first });
  assert.deepEqual(both.places.slice(0, 2), ['memory', 'file']);
  assert.equal(both.records, files.records);
  assert.deepEqual(readdirSync(dir.path), []);
});

test('a delta that is larger than the store has listed is in a file', async () => {
  using dir = makeTempDir();
  const listed = (delta: StoredSnapshot): StoredSnapshot => ({ ...delta, size: delta.size - 1 });
  const { places, records } = await readAll(dir, { memoryBytes: () => 1 << 20, listed });
  assert.deepEqual(new Set(places), new Set(['file']));
  assert.equal(records, (await readAll(dir, {})).records);
});
