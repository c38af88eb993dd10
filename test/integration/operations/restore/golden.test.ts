import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EtcdLine, etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES, type GoldenName, goldenExpected } from '../../../support/datadir/golden.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** Restores a golden backup below `dir` and starts an etcd on it. */
async function restored(dir: TempDir, name: GoldenName, line: EtcdLine): Promise<EtcdServer> {
  const peerPort = await freePort();
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const request = restoreRequest(dir, {
    store: memorySnapStore(goldenObjects(name)),
    member: {
      name: 'default',
      initialCluster: `default=${peerUrl}`,
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: [peerUrl],
    },
  });
  await restore(request, recordedContext());
  return await startEtcd({ release: await etcdRelease(line), dataDir: request.dataDir, peerPort });
}

for (const line of etcdLines) {
  describe(`etcd ${line} on a restored data directory`, () => {
    for (const name of GOLDEN_NAMES) {
      it(`serves ${name} as the live etcd did, takes writes and survives a restart`, async () => {
        using dir = makeTempDir();
        const expected = goldenExpected(name);
        await using etcd = await restored(dir, name, line);
        assert.deepEqual(await servedKeys(etcd), expected.keys);
        await etcd.etcdctl('compact', '--physical', String(expected.compactRevision));
        assert.equal(await servedHash(etcd, expected.revision), expected.hashKV);

        const put = await etcd.etcdctl('put', '/after/restore', 'written', '--write-out=json');
        assert.match(put, new RegExp(`"revision":${expected.revision + 1}\\b`));
        await etcd.restart();
        const after = await servedKeys(etcd);
        assert.deepEqual(
          after.filter(({ key }) => Buffer.from(key, 'base64').toString() !== '/after/restore'),
          expected.keys,
        );
        assert.equal(after.length, expected.keys.length + 1);
        assert.equal(await servedHash(etcd, expected.revision), expected.hashKV);
      });
    }

    it('keeps keys under the leases they had, also under one granted after the full snapshot', async () => {
      using dir = makeTempDir();
      const leases = new Set(goldenExpected('etcd-3.5/gzip').keys.map(({ lease }) => lease));
      leases.delete('0');
      await using etcd = await restored(dir, 'etcd-3.5/gzip', line);
      const listed = await etcd.etcdctl('lease', 'list');
      assert.ok(leases.size > 0);
      for (const lease of leases) {
        const id = BigInt(lease).toString(16);
        assert.match(listed, new RegExp(id));
        const owned = JSON.parse(await etcd.etcdctl('lease', 'timetolive', id, '--keys', '--write-out=json'));
        assert.ok(owned.ttl > 0, `lease ${id} has ${owned.ttl} s left`);
        assert.ok(owned.keys.length > 0, `lease ${id} holds no key`);
      }
    });

    it('can compact everything away, delete every key and defragment', async () => {
      using dir = makeTempDir();
      await using etcd = await restored(dir, 'etcd-3.5/gzip', line);
      await etcd.etcdctl('del', '', '--prefix');
      await etcd.etcdctl('compact', '--physical', String(goldenExpected('etcd-3.5/gzip').revision + 1));
      await etcd.etcdctl('defrag');
      await etcd.restart();
      assert.deepEqual(await servedKeys(etcd), []);
    });
  });
}
