import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { type EtcdLine, etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES, goldenExpected } from '../../../support/datadir/golden.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { goldenStorePath } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';

async function served(dir: TempDir, place: { name: string; store: SnapStore; line: EtcdLine }): Promise<EtcdServer> {
  const peerPort = await freePort();
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const member = soleMember(peerUrl);
  const request = restoreRequest(dir, { store: place.store, dataDir: dir.join(place.name), member });
  await restore(request, recordedContext());
  return await startEtcd({ release: await etcdRelease(place.line), dataDir: request.dataDir, peerPort });
}

const { signal } = new AbortController();

async function localStore(container: string): Promise<SnapStore> {
  const options = {
    provider: 'Local',
    role: 'primary',
    container,
    prefix: 'etcd-main',
    endpointOverride: undefined,
    maxParallelChunkUploads: 2,
    minChunkSize: 5 * 1024 * 1024,
    tempDir: container,
  } as const;
  return await openStore(options, { ...recordedContext(), environment: {} });
}

for (const line of etcdLines) {
  for (const name of GOLDEN_NAMES) {
    test(`etcd ${line} sees in the compaction of ${name} what it makes of the whole history by compacting`, async () => {
      using dir = makeTempDir();
      cpSync(goldenStorePath(name), dir.join('store'), { recursive: true });
      await using store = await localStore(dir.join('store'));
      const { revision, keys } = goldenExpected(name);
      await using whole = await served(dir, { name: 'whole', store, line });
      await whole.etcdctl('compact', '--physical', String(revision));

      const { snapshot, from, facts } = await compactBackup(compaction(dir, store), recordedContext());
      assert.equal(snapshot.lastRevision, revision);
      assert.equal(from.length, 4);
      assert.equal(facts.changes, keys.length);
      assert.equal(snapshot.layout, 'v2');
      assert.equal(snapshot.compression, name.startsWith('etcd-3.5/') ? name.slice('etcd-3.5/'.length) : 'gzip');
      assert.deepEqual(readdirSync(dir.path).sort(), ['store', 'whole']);

      await using compacted = await served(dir, { name: 'compacted', store, line });
      assert.deepEqual(await servedKeys(compacted), keys);
      // At the revision of the compaction itself etcd 3.4 refuses to hash.
      for (const etcd of [whole, compacted]) {
        assert.match(
          await etcd.etcdctl('put', 'behind', 'it', '-w', 'json'),
          new RegExp(`"revision":${revision + 1}\\b`),
        );
      }
      assert.equal(await servedHash(compacted, revision + 1), await servedHash(whole, revision + 1));
      await assert.rejects(compacted.etcdctl('get', 'behind', `--rev=${revision - 1}`), /compacted/);
    });
  }
}

function compaction(dir: TempDir, store: SnapStore) {
  const { maxFetchers, skipHashCheck, quotaBytes } = restoreRequest(dir);
  return { store, maxFetchers, skipHashCheck, quotaBytes, tempDir: dir.join('temp/deep'), saveTimeoutMs: 60_000 };
}

for (const [what, isDeleted] of [
  ['', false],
  [', also where it was deleted before', true],
] as const) {
  test(`what is made of a history that was left meanwhile is not stored${what}: it would be the newest of another one`, async () => {
    using dir = makeTempDir();
    cpSync(goldenStorePath('etcd-3.5/gzip'), dir.join('store'), { recursive: true });
    await using store = await localStore(dir.join('store'));
    const { snapshots } = await store.list({ signal });
    const left = snapshots.filter(({ lastRevision }) => lastRevision > 60).map(({ name }) => name);
    const begunOn = 1_795_251_600;
    const leave = async (): Promise<void> => {
      const first = 'Full-00000000-00000060-1795251600.gz';
      const numbers = { begunOn, shared: revision(60) };
      const marker = {
        ...numbers,
        name: markerName(numbers),
        why: 'rolled_back',
        first,
        clusterId: 'ab',
        left: isDeleted ? [] : left,
      } as const;
      await store.histories?.save(marker, { signal });
    };
    const leaving = new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        const bound = typeof value === 'function' ? value.bind(target) : value;
        const fetch = async (...args: unknown[]): Promise<unknown> => {
          await leave();
          return bound(...args);
        };
        return key === 'fetch' ? fetch : bound;
      },
    });
    const before = readdirSync(dir.join('store/etcd-main/v2'));
    await assert.rejects(compactBackup(compaction(dir, leaving), recordedContext()), {
      code: 'history_taken_over',
      message: /a new history has begun there meanwhile, to which Incr-.* does not belong; run it again/,
    });
    assert.deepEqual(
      readdirSync(dir.join('store/etcd-main/v2')).sort(),
      [...before, 'History-1795251600-00000060.json'].sort(),
    );
  });
}
