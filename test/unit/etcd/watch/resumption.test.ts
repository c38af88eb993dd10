import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterHistory } from '../../../../src/etcd/cluster-history.ts';
import { parseEndpoint } from '../../../../src/etcd/connection/endpoint.ts';
import { Login } from '../../../../src/etcd/connection/login.ts';
import { MemberClient } from '../../../../src/etcd/connection/member-client.ts';
import { MemberPool } from '../../../../src/etcd/connection/member-pool.ts';
import { TransportSecuritySource } from '../../../../src/etcd/connection/transport-security.ts';
import { EtcdFailure, type EtcdFailureCode } from '../../../../src/etcd/etcd-failure.ts';
import { Resumption } from '../../../../src/etcd/watch/resumption.ts';
import { revision } from '../../../../src/revision.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

const { signal } = new AbortController();

function failure(code: EtcdFailureCode): EtcdFailure {
  return new EtcdFailure({ code, action: 'watch', object: 'http://m0:2379', found: 'a fault' });
}

/** A resumption at revision 5 over one member, whose waits are noted and over at once. */
async function setUp(): Promise<{
  resumption: Resumption;
  member: MemberClient;
  waits: number[];
  log: RecordedLog;
  pass(ms: number): void;
}> {
  const waits: number[] = [];
  let monotonic = 0;
  const clock = {
    now: () => monotonic,
    monotonic: () => monotonic,
    sleep: async (ms: number) => {
      waits.push(ms);
    },
  };
  const log = new RecordedLog();
  const files = { caFile: undefined, certFile: undefined, keyFile: undefined, insecureSkipVerify: false };
  const security = await TransportSecuritySource.open(files, log);
  const member = new MemberClient(parseEndpoint('http://m0:2379', { assumeSecure: false }), { security, clock });
  const pool = new MemberPool([member], { login: new Login(undefined), loginTimeoutMs: 1_000, log });
  const history = new ClusterHistory();
  const resumption = new Resumption({ pool, clock, log, acceptTimeoutMs: 1_000 }, { from: revision(5), history });
  return {
    resumption,
    member,
    waits,
    log,
    pass: (ms) => {
      monotonic += ms;
    },
  };
}

test('each stream that fails is followed by a longer wait, until one is accepted', async () => {
  const { resumption, member, waits, log } = await setUp();
  for (let failed = 0; failed < 9; failed++) {
    await resumption.afterFailure(failure('etcd_unreachable'), undefined, signal);
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  assert.equal(log.count(/^Watch broke off before revision 5/), 4, 'the failures 1, 2, 4 and 8');
  resumption.accepted({ clusterId: 1n, storeRevision: revision(9), raftTerm: 2n }, member);
  assert.equal(log.count(/^Watch goes on from revision 5/), 1);
  await resumption.afterFailure(failure('etcd_timeout'), undefined, signal);
  assert.equal(waits.at(-1), 100);
});

test('what every member refuses ends the watch', async () => {
  const { resumption, waits } = await setUp();
  for (const code of ['etcd_auth', 'etcd_compacted', 'etcd_learner_refuses'] as const) {
    const refused = failure(code);
    await assert.rejects(resumption.afterFailure(refused, undefined, signal), refused);
  }
  assert.deepEqual(waits, []);
});

test('a member that lags is waited for, but not for longer than the timeout', async () => {
  const { resumption, member, waits, pass } = await setUp();
  resumption.delivered({ revision: revision(20), events: [] });
  const lag = (): unknown => {
    try {
      resumption.accepted({ clusterId: 1n, storeRevision: revision(19), raftTerm: 2n }, member);
    } catch (error) {
      return error;
    }
    return assert.fail('accepted');
  };
  await resumption.afterFailure(lag(), undefined, signal);
  pass(999);
  await resumption.afterFailure(lag(), undefined, signal);
  pass(1);
  await assert.rejects(resumption.afterFailure(lag(), undefined, signal), /it is at revision 19, and 20 was seen/);
  assert.deepEqual(waits, [100, 200]);
});

test('another cluster ends the watch', async () => {
  const { resumption, member } = await setUp();
  resumption.accepted({ clusterId: 1n, storeRevision: revision(9), raftTerm: 2n }, member);
  assert.throws(
    () => resumption.accepted({ clusterId: 2n, storeRevision: revision(9), raftTerm: 2n }, member),
    (error) => error instanceof EtcdFailure && error.code === 'etcd_history_changed',
  );
});
