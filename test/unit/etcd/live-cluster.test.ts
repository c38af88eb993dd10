import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterPools } from '../../../src/etcd/connection/cluster-pools.ts';
import { Login } from '../../../src/etcd/connection/login.ts';
import { MemberClient } from '../../../src/etcd/connection/member-client.ts';
import { MemberPool } from '../../../src/etcd/connection/member-pool.ts';
import { TransportSecuritySource } from '../../../src/etcd/connection/transport-security.ts';
import { LiveCluster } from '../../../src/etcd/live-cluster.ts';
import { revision } from '../../../src/revision.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { connectionTo } from '../../support/etcd/connected.ts';

test('a status that is to reach a revision is that of a member which has, and else of the first that answers', async () => {
  const security = await TransportSecuritySource.open(connectionTo([]), quietLogger);
  const members = [10, 12, 15].map((at, place) => {
    const host = `m${place}`;
    const member = new MemberClient({ url: host, host, port: 2379, secure: false }, { security, clock: systemClock });
    const header = { cluster_id: '7', member_id: String(place + 1), revision: String(at) };
    const answer = {
      header,
      version: '3.5.0',
      leader: '3',
      isLearner: false,
      dbSize: '0',
      raftTerm: '2',
      raftIndex: '9',
    };
    return Object.assign(member, { unary: () => Promise.resolve(answer) });
  });
  const pool = new MemberPool(members, { login: new Login(undefined), loginTimeoutMs: 1_000, log: quietLogger });
  const settings = { connectionTimeoutMs: 1_000, snapshotTimeoutMs: 1_000, defragTimeoutMs: 1_000 };
  const context = { clock: systemClock, log: quietLogger };
  await using cluster = new LiveCluster(new ClusterPools({ endpoints: pool, anyMember: pool }), settings, context);
  const { signal } = new AbortController();
  const endpointAt = async (reaching?: number): Promise<string> =>
    (await cluster.status({ signal, ...(reaching === undefined ? {} : { reaching: revision(reaching) }) })).endpoint;
  assert.deepEqual(
    [await endpointAt(), await endpointAt(10), await endpointAt(11), await endpointAt(15), await endpointAt(16)],
    ['m0', 'm0', 'm1', 'm2', 'm0'],
  );
});
