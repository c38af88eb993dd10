import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { catalogReport } from '../../../../src/cli/output/catalog.ts';
import { listBackups } from '../../../../src/operations/list/list.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { putMany } from '../../../support/etcd/put-many.ts';
import { startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

interface CatalogData {
  readonly concurrentWriters: boolean;
  readonly chains: readonly { readonly concurrentWriters: readonly unknown[] }[];
}

test('two snapshotters below one prefix: both go on, the log and list say so, and a restore copes', async () => {
  using dir = makeTempDir();
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const config = {
    provider: 'Local',
    container: dir.join('store'),
    prefix: 'both',
    endpointOverride: undefined,
  } as const;
  const store = await openStore(
    { ...config, maxParallelChunkUploads: 5, minChunkSize: 5 * 1024 * 1024, role: 'primary' },
    { log: quietLogger, clock: systemClock, environment: {} },
  );
  const put = (): Promise<number> => putMany(etcd, { keys: 5, value: (index) => Buffer.from(`value ${index}`) });
  await put();
  const rules = { policy: { kind: 'Exponential' }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
  const options = { garbageCollection: { rules, periodMs: 1_500 } };
  await using one = await startSnapshotter([etcd.clientUrl], store, options);
  await one.covers(await put());
  const listed = async (): Promise<{ readonly table: readonly string[]; readonly data: CatalogData }> => {
    const catalog = await listBackups({ store }, recordedContext());
    const { table, data } = catalogReport(catalog, { now: Date.now(), deltas: 'all' });
    return { table, data: JSON.parse(JSON.stringify(data)) as CatalogData };
  };
  assert.equal((await listed()).data.concurrentWriters, false);
  await using other = await startSnapshotter([etcd.clientUrl], store, options);
  const found = await eventually(
    async () => {
      await put();
      const now = await listed();
      const bothKnow = [one, other].every(({ log }) => log.count(/^ANOTHER SNAPSHOTTER writes/) > 0);
      return now.data.concurrentWriters && bothKnow ? now : undefined;
    },
    { timeoutMs: 60_000 },
  );
  assert.ok(
    found.table.some((line) => /^ {2}CONCURRENT WRITERS: \d+ deltas? holds? revisions/.test(line)),
    found.table.join('\n'),
  );
  assert.ok((found.data.chains.at(-1)?.concurrentWriters.length ?? 0) > 0);
  const last = await put();
  await one.covers(last);
  await Promise.all([one.stop(), other.stop()]);
  const { revision } = await restore(restoreRequest(dir, { store }), recordedContext());
  assert.equal(revision, last);
});
