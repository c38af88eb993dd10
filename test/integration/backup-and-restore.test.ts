import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { type EtcdRelease, etcdLines, etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { restore } from '../../src/operations/restore/restore.ts';
import { Schedule } from '../../src/operations/snapshot/schedule.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { newestChain } from '../../src/snapshot/chain.ts';
import type { Compression } from '../../src/snapshot/snapshot.ts';
import { openStore } from '../../src/snapstore/registry.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { quietLogger } from '../support/context/quiet-logger.ts';
import { recordedContext } from '../support/context/run-context.ts';
import { servedHash } from '../support/datadir/served-keys.ts';
import { RandomWrites } from '../support/etcd/random-writes.ts';
import { clockBeforeMinute, startSnapshotter } from '../support/etcd/running-snapshotter.ts';
import { restoreRequest } from '../support/fixtures/restore-request.ts';

/** A store in a directory, opened as the program opens it. */
function localStore(dir: TempDir): Promise<SnapStore> {
  const config = {
    provider: 'Local',
    container: dir.join('store'),
    prefix: 'etcd-main',
    endpointOverride: undefined,
    maxParallelChunkUploads: 5,
    minChunkSize: 5 * 1024 * 1024,
    role: 'primary',
  } as const;
  return openStore(config, { log: quietLogger, clock: systemClock, environment: {} });
}

/** Everything a client can see of `etcd`, and its HashKV over the whole history. */
async function observed(etcd: EtcdServer): Promise<object> {
  const { revision, keys, leases } = await new EtcdGateway(etcd.clientUrl).state();
  return { revision, keys, leases, hashKv: await servedHash(etcd, revision) };
}

/** Restores the newest backup of `store`, starts a real etcd on it and gives what it serves, at once and after a restart. */
async function restoredState(store: SnapStore, dir: TempDir, release: EtcdRelease): Promise<object> {
  const context = recordedContext();
  const request = restoreRequest(dir, { store });
  await restore(request, context);
  assert.deepEqual(
    context.lines.filter(({ level }) => level === 'warn' || level === 'error'),
    [],
    'a backup of one snapshotter has nothing to warn of',
  );
  await using etcd = await startEtcd({ release, dataDir: request.dataDir });
  const state = await observed(etcd);
  await etcd.kill9();
  await etcd.restart();
  assert.deepEqual(await observed(etcd), state, 'the same after kill -9 and restart');
  return state;
}

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    for (const compression of ['gzip', 'none'] satisfies readonly Compression[]) {
      test(`full, deltas (${compression}), kill -9 in between: the restored etcd has every key, lease and revision`, async () => {
        using dir = makeTempDir();
        const release = await etcdRelease(line);
        const store = await localStore(dir);
        await using etcd = await startEtcd({ release });
        const gateway = new EtcdGateway(etcd.clientUrl);
        const writes = new RandomWrites(gateway, 1);
        await writes.grantLeases(5);
        const early = await writes.write(120);
        await etcd.etcdctl('compaction', String(early - 40));
        await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
          compression,
          deltaMemoryLimit: 30_000,
        });
        await writes.grantLeases(5);
        await snapshotter.covers(await writes.write(150));
        await etcd.kill9();
        await etcd.restart();
        await writes.write(150);
        const live = await observed(etcd);
        const took = await snapshotter.stop();
        assert.ok(took < 8_000, `stopping took ${took} ms`);
        const { snapshots } = await store.list({ signal: AbortSignal.timeout(10_000) });
        assert.ok(snapshots.filter(({ kind }) => kind === 'Incr').length >= 4, 'several deltas');
        await etcd.kill9();
        assert.deepEqual(await restoredState(store, dir, release), live);
      });
    }

    test('a scheduled full while writes go on: the chain hangs on it, and restores to the same state', async () => {
      using dir = makeTempDir();
      const release = await etcdRelease(line);
      const store = await localStore(dir);
      await using etcd = await startEtcd({ release });
      const gateway = new EtcdGateway(etcd.clientUrl);
      const writes = new RandomWrites(gateway, 2);
      await writes.write(50);
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
        schedule: new Schedule('* * * * *'),
        clock: clockBeforeMinute(3_000),
      });
      const fulls = (): number => snapshotter.log.count(/^Successfully saved full snapshot/);
      let last = 0;
      while (fulls() < 2) {
        last = await writes.write(5);
      }
      last = await writes.write(60);
      await snapshotter.covers(last);
      const live = await observed(etcd);
      await snapshotter.stop();
      const { snapshots } = await store.list({ signal: AbortSignal.timeout(10_000) });
      const plan = newestChain(snapshots);
      assert.ok(plan.outcome === 'chain');
      assert.equal(plan.lastRevision, last);
      const [, scheduled, ...more] = snapshots.filter(({ kind }) => kind === 'Full');
      // On a slow machine another minute has begun.
      assert.equal(plan.base, more.at(-1) ?? scheduled, 'the newest full is the base');
      const next = (scheduled?.lastRevision ?? 0) + 1;
      const names = snapshots.map(({ name }) => name).join(', ');
      assert.ok(
        snapshots.some(
          ({ kind, startRevision, lastRevision }) => kind === 'Incr' && startRevision <= next && next <= lastRevision,
        ),
        `a delta goes on at ${next}: ${names}`,
      );
      // What came before the full was begun may be in the delta after it, too.
      const { lastRevision } = plan.base;
      const odd = plan.notes.filter((note) => note.kind !== 'overlap' || note.overlap.to > lastRevision);
      assert.deepEqual(odd, [], names);
      assert.deepEqual(await restoredState(store, dir, release), live);
    });
  });
}
