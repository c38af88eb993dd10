import assert from 'node:assert/strict';
import { copyFileSync, cpSync, renameSync, truncateSync } from 'node:fs';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { bucketEntries, inBatches } from '../../../src/datadir/bbolt/entry-stream.ts';
import { FreshDatabase } from '../../../src/datadir/bbolt/fresh-database.ts';
import { compactBackup } from '../../../src/operations/compact/compact.ts';
import { initialize } from '../../../src/operations/initialize/initialize.ts';
import { type RestoreRequest, restore } from '../../../src/operations/restore/restore.ts';
import { revision } from '../../../src/revision.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { GOLDEN_NAMES, goldenExpected } from '../../support/datadir/golden.ts';
import { goldenObjects, goldenStorePath } from '../../support/fixtures/golden-store.ts';
import { memorySnapStore } from '../../support/stores/memory-snapstore.ts';
import { dataDirSuite } from './data-dir.suite.ts';
import { bumped, goldenHistory, newestGolden } from './expected-history.ts';

const GOLDEN = 'etcd-3.5/gzip';
const FULL_REVISION = 58;
const { revision: NEWEST } = goldenExpected(GOLDEN);

for (const name of GOLDEN_NAMES) {
  dataDirSuite({
    name: `restore, from the full and the deltas of ${name}`,
    write: async (request) => {
      await restore({ ...request, store: memorySnapStore(goldenObjects(name)) }, recordedContext());
      return newestGolden(name);
    },
  });
}

dataDirSuite({
  name: 'restore, from a full alone',
  write: async (request, dir) => {
    const full = goldenObjects(GOLDEN).filter(({ key }) => key.includes('Full-'));
    await restore({ ...request, store: memorySnapStore(full) }, recordedContext());
    return await goldenHistory(dir, { revision: FULL_REVISION });
  },
});

dataDirSuite({
  name: 'restore, to a revision in the middle of a delta',
  write: async (request, dir) => {
    const target = { until: { kind: 'revision', revision: revision(104) } } as const;
    await restore({ ...request, target }, recordedContext());
    return await goldenHistory(dir, { revision: 104 });
  },
});

dataDirSuite({
  name: 'restore, with a bumped revision',
  write: async (request, dir) => {
    const by = 1_000_000;
    await restore({ ...request, bumpRevision: by }, recordedContext());
    const db = dir.join('bumped.db');
    copyFileSync(dbOf(request), db);
    return bumped(await goldenHistory(dir, { revision: NEWEST }), { by, db });
  },
});

dataDirSuite({
  name: 'restore, from the full that compact made',
  write: async (request, dir) => {
    cpSync(goldenStorePath(GOLDEN), dir.join('store'), { recursive: true });
    await using store = await openStore(
      {
        provider: 'Local',
        role: 'primary',
        container: dir.join('store'),
        prefix: 'etcd-main',
        endpointOverride: undefined,
        maxParallelChunkUploads: 2,
        minChunkSize: 5 * 1024 * 1024,
      },
      { ...recordedContext(), environment: {} },
    );
    await compactBackup({ ...request, store, saveTimeoutMs: 60_000 }, recordedContext());
    const { snapshots } = await restore({ ...request, store }, recordedContext());
    assert.equal(snapshots.length, 1);
    return await goldenHistory(dir, { revision: NEWEST, compactedTo: NEWEST });
  },
});

dataDirSuite({
  name: 'initialize, where there was none',
  write: async (request) => {
    const { action } = await initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext());
    assert.equal(action, 'restored');
    return newestGolden(GOLDEN);
  },
});

dataDirSuite({
  name: 'initialize, in place of a damaged one',
  write: async (request, dir) => {
    await restore(request, recordedContext());
    truncateSync(dbOf(request), 100_000);
    const { action } = await initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext());
    assert.equal(action, 'restored');
    return await goldenHistory(dir, { revision: NEWEST });
  },
});

for (const pageSize of [4096, 16_384]) {
  dataDirSuite({
    name: `restore, its database written anew in pages of ${pageSize} bytes`,
    write: async (request, dir) => {
      await restore(request, recordedContext());
      await writeAnew(dbOf(request), dir, { pageSize });
      return newestGolden(GOLDEN);
    },
  });
}

function dbOf({ dataDir }: RestoreRequest): string {
  return `${dataDir}/member/snap/db`;
}

/** Writes every bucket of a database into a fresh one, which takes its place. */
async function writeAnew(db: string, dir: TempDir, options: { readonly pageSize: number }): Promise<void> {
  const { signal } = new AbortController();
  await using source = await Database.open(db);
  await using target = await FreshDatabase.create(dir.join('fresh.db'), options);
  for await (const { key } of bucketEntries(source.root, { signal, content: 'buckets' })) {
    const bucket = await source.root.bucket(key);
    assert.ok(bucket);
    await target.bucket(Uint8Array.from(key), inBatches(bucketEntries(bucket, { signal })));
  }
  await target.commit({ signal });
  renameSync(dir.join('fresh.db'), db);
}
