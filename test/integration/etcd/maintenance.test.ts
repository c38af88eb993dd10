import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EtcdGateway } from '../../../scripts/lab/etcd-gateway.ts';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import { defragment } from '../../../src/operations/snapshot/defragment.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { connected } from '../../support/etcd/connected.ts';
import { putMany } from '../../support/etcd/put-many.ts';

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('returns the alarm of a member without space, and leaves the raft index as it is', async () => {
      const extraArgs = ['--quota-backend-bytes', '200000'];
      await using etcd = await startEtcd({ release: await etcdRelease(line), extraArgs });
      await using connection = await connected([etcd.clientUrl]);
      const { cluster, signal } = connection;
      const { memberId } = await cluster.status({ signal });
      await eventually(async () => {
        await putMany(etcd, { keys: 3, value: () => Buffer.alloc(100_000) }).catch(() => {});
        return (await cluster.alarms({ signal })).length > 0 ? true : undefined;
      });
      assert.deepEqual(await cluster.alarms({ signal }), [{ alarm: 'NOSPACE', memberId }]);
      // etcd may still be writing that it raised the alarm.
      await eventually(async () => {
        const before = await cluster.status({ signal });
        await cluster.alarms({ signal });
        return (await cluster.status({ signal })).raftIndex === before.raftIndex ? true : undefined;
      });
    });

    test('returns the TTL that a lease was granted with, and undefined for a lease that is gone', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      const gateway = new EtcdGateway(etcd.clientUrl);
      const lease = BigInt(await gateway.grantLease(4321));
      const gone = BigInt(await gateway.grantLease(1234));
      await etcd.etcdctl('lease', 'revoke', gone.toString(16));
      await using connection = await connected([etcd.clientUrl]);
      const { cluster, signal } = connection;
      assert.equal(await cluster.leaseTtl(lease, { signal }), 4321);
      assert.equal(await cluster.leaseTtl(gone, { signal }), undefined);
    });

    test('lists its members and alarms, is defragmented, and is read from as the leader', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await putMany(etcd, { keys: 3, value: () => Buffer.alloc(100_000) });
      await using connection = await connected([etcd.clientUrl], { snapshotFrom: 'leader' });
      const { cluster, signal, log } = connection;
      const [member, ...others] = await cluster.members({ signal });
      assert.equal(others.length, 0);
      assert.equal(member?.endpoint, etcd.clientUrl);
      assert.equal(member?.memberId, member?.leaderId);
      assert.deepEqual(await cluster.alarms({ signal }), []);
      await defragment({ cluster }, { signal, log, clock: systemClock });
      let bytes = 0;
      for await (const chunk of cluster.snapshot({ signal })) {
        bytes += chunk.length;
      }
      assert.ok(bytes > 300_000);
    });
  });
}

test('service endpoints are used for what any member can answer, and a missing follower is a failure', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const closed = 'http://127.0.0.1:1';
  await using connection = await connected([closed], {
    serviceEndpoints: [etcd.clientUrl],
    snapshotFrom: 'follower',
    connectionTimeoutMs: 2_000,
  });
  const { cluster, signal } = connection;
  assert.equal((await cluster.status({ signal })).endpoint, etcd.clientUrl);
  await assert.rejects(cluster.members({ signal }), EtcdFailure);
  await assert.rejects(async () => {
    for await (const _ of cluster.snapshot({ signal })) {
      assert.fail('nothing may come');
    }
  }, /none of the endpoints that answer is a follower/);
});
