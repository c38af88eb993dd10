import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { MembershipPlan } from '../../../../src/datadir/membership/bootstrap.ts';
import { openSnapshotFile } from '../../../../src/objects/single-file-store.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';

const BUMP = 1_000_000;

function member(peerPort: number): MembershipPlan {
  return soleMember(`http://127.0.0.1:${peerPort}`);
}

for (const line of etcdLines) {
  test(`etcd ${line} has a raised revision, compacted, and what etcdutl makes of the same snapshot`, async () => {
    using dir = makeTempDir();
    const saved = dir.join('saved.db');
    const port = await freePort();
    await restore(restoreRequest(dir, { member: member(port), dataDir: dir.join('first') }), recordedContext());
    await using first = await startEtcd({
      release: await etcdRelease(line),
      dataDir: dir.join('first'),
      peerPort: port,
    });
    await first.etcdctl('snapshot', 'save', saved);
    const keys = await servedKeys(first);
    await first.stop();

    const raised = async (
      name: string,
      make: (dataDir: string, peerPort: number) => Promise<unknown>,
    ): Promise<EtcdServer> => {
      const peerPort = await freePort();
      await make(dir.join(name), peerPort);
      return await startEtcd({ release: await etcdRelease(line), dataDir: dir.join(name), peerPort });
    };
    await using ours = await raised('ours', async (dataDir, peerPort) => {
      await using store = (await openSnapshotFile(saved, { hash: 'needed' })).store;
      const request = restoreRequest(dir, { store, dataDir, member: member(peerPort), bumpRevision: BUMP });
      const { revision } = await restore(request, recordedContext());
      assert.equal(revision, 122 + BUMP);
    });
    await using theirs = await raised('theirs', async (dataDir, peerPort) => {
      const { etcdutl } = await etcdRelease('3.5');
      const peerUrl = `http://127.0.0.1:${peerPort}`;
      await run(etcdutl ?? assert.fail('no etcdutl'), [
        ...['snapshot', 'restore', saved, '--data-dir', dataDir, '--bump-revision', String(BUMP), '--mark-compacted'],
        ...['--initial-cluster', `default=${peerUrl}`, '--initial-cluster-token', 'etcd-cluster'],
        ...['--initial-advertise-peer-urls', peerUrl],
      ]);
    });
    for (const etcd of [ours, theirs]) {
      await assert.rejects(etcd.etcdctl('get', 'x', '--rev=122'), /compacted/);
      assert.match(await etcd.etcdctl('put', 'x', 'y', '-w', 'json'), new RegExp(`"revision":${123 + BUMP}\\b`));
      await etcd.etcdctl('del', 'x');
      assert.deepEqual(
        (await servedKeys(etcd)).filter(({ key }) => key !== undefined && key !== ''),
        keys,
      );
    }
    assert.equal(await servedHash(ours, 124 + BUMP), await servedHash(theirs, 124 + BUMP));
  });

  test(`etcd ${line} keeps no lease that the full did not know when those are stripped, and gives others the wanted time`, async () => {
    using dir = makeTempDir();
    const leased = async (name: string, unknownLeases: NonNullable<Parameters<typeof restore>[0]['unknownLeases']>) => {
      const peerPort = await freePort();
      const request = restoreRequest(dir, { dataDir: dir.join(name), member: member(peerPort), unknownLeases });
      await restore(request, recordedContext());
      return await startEtcd({ release: await etcdRelease(line), dataDir: dir.join(name), peerPort });
    };
    await using stripped = await leased('stripped', { kind: 'strip' });
    await using granted = await leased('granted', { kind: 'grant', ttlSeconds: 77_777 });
    const [after, all] = [await servedKeys(stripped), await servedKeys(granted)];
    const changed = all.filter((key, at) => key.lease !== after[at]?.lease);
    assert.ok(changed.length > 0, 'the golden backup has a lease granted after the full');
    assert.deepEqual(
      after,
      all.map((key) => (changed.includes(key) ? { ...key, lease: '0' } : key)),
    );
    for (const { lease } of changed) {
      const id = BigInt(lease).toString(16);
      assert.doesNotMatch(await stripped.etcdctl('lease', 'list'), new RegExp(id));
      const { 'granted-ttl': ttl } = JSON.parse(await granted.etcdctl('lease', 'timetolive', id, '-w', 'json'));
      assert.equal(ttl, 77_777);
    }
  });
}
