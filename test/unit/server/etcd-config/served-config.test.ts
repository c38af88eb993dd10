import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { EtcdFailure } from '../../../../src/etcd/etcd-failure.ts';
import type { ClusterMembers, MembershipCall } from '../../../../src/etcd/members.ts';
import { servedConfig } from '../../../../src/server/etcd-config/served-config.ts';
import type { MetCluster } from '../../../../src/server/member/membership.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';

const three = new URL('golden/three-members.in.yaml', import.meta.url).pathname;
const gone = (): EtcdFailure =>
  new EtcdFailure({ code: 'etcd_unreachable', action: 'list', object: 'it', found: 'gone' });

type List = ClusterMembers['list'];

function serve(
  list: List,
  clock: FakeClock,
  changes: { readonly path?: string; readonly podName?: string; readonly met?: MetCluster } = {},
) {
  const { met = 'none', ...paths } = changes;
  const parts = { path: three, podName: 'm-1', members: { list }, met: () => met, ...paths };
  return servedConfig(parts, { signal: new AbortController().signal, clock, log: quietLogger });
}

/** Lets the time pass that somebody waits for. */
async function passing(clock: FakeClock, ms: number): Promise<void> {
  await clock.untilSleeping(ms);
  await clock.advance(ms);
}

/** A list that is refused at once, and when it was asked for. */
function refusing(clock: FakeClock): { readonly list: List; readonly calls: readonly number[] } {
  const calls: number[] = [];
  const list = (): Promise<never> => {
    calls.push(clock.monotonic());
    return Promise.reject(gone());
  };
  return { list, calls };
}

test('where nothing listens the members are asked for once, but twice by a member that its cluster awaits', async () => {
  const clock = new FakeClock();
  const { list, calls } = refusing(clock);
  assert.match(await serve(list, clock), /^initial-cluster-state: new$/m);
  assert.deepEqual(calls, [0]);
  // What exists is joined, and no second one begun.
  assert.match(await serve(list, clock, { met: 'a cluster' }), /^initial-cluster-state: existing$/m);
  assert.deepEqual(calls, [0, 0]);
  const awaited = serve(list, clock, { met: 'awaits our member' });
  await passing(clock, 2_000);
  assert.match(await awaited, /^initial-cluster-state: existing$/m);
  assert.deepEqual(calls, [0, 0, 0, 2_000]);
});

test('members that are there and answer with an error, or not at all, are asked for twice within 5 s, as they may wait for ours', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const busy = serve(() => {
    asked += 1;
    return Promise.reject(new EtcdFailure({ code: 'etcd_timeout', action: 'list', object: 'it', found: 'no leader' }));
  }, clock);
  await passing(clock, 2_000);
  assert.match(await busy, /^initial-cluster: shoot-m-2=/m);
  assert.equal(asked, 2);

  for (const [met, waits] of [
    ['a cluster', [1_500, 2_000, 1_500]],
    ['awaits our member', [10_000, 2_000, 30_000]],
  ] as const) {
    const hanging = new FakeClock();
    const signals: AbortSignal[] = [];
    const silent = serve(
      ({ signal }: MembershipCall) => {
        signals.push(signal);
        return new Promise(() => {});
      },
      hanging,
      { met },
    );
    for (const ms of waits) {
      await passing(hanging, ms);
    }
    assert.match(await silent, /^initial-cluster: shoot-m-2=/m);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true],
    );
  }
});

test('the second answer counts', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const served = serve(
    () => {
      asked += 1;
      const member = { id: 1n, clientUrls: [], isLearner: false };
      return asked === 1
        ? Promise.reject(gone())
        : Promise.resolve([
            { ...member, name: 'shoot-m-0', peerUrls: ['http://m-0:2380'] },
            { ...member, name: undefined, peerUrls: ['http://m-1:2380'], isLearner: true },
          ]);
    },
    clock,
    { met: 'awaits our member' },
  );
  await passing(clock, 2_000);
  assert.match(await served, /^initial-cluster-state: existing$/m);
});

test('a single member asks nobody, and nothing is written', async () => {
  using dir = makeTempDir();
  const file = dir.join('etcd.conf.yaml');
  writeFileSync(
    file,
    'initial-cluster: m-1=http://a:1\ninitial-advertise-peer-urls: http://a:1\nadvertise-client-urls: http://a:2\n',
  );
  const list = (): never => assert.fail('nobody is to be asked');
  assert.match(await serve(list, new FakeClock(), { path: file }), /^name: m-1$/m);
  assert.deepEqual(readdirSync(path.dirname(file)), ['etcd.conf.yaml']);
});

test('a file that is not there has a reason', async () => {
  await assert.rejects(
    serve(() => Promise.resolve([]), new FakeClock(), { path: '/nowhere/etcd.conf.yaml' }),
    {
      code: 'member_config',
      message: /\/nowhere\/etcd.conf.yaml: it does not exist; correct it, or the variable ETCD_CONF/,
    },
  );
});

test('what is no failure of etcd, and an abort, are not taken for silence', async () => {
  await assert.rejects(
    serve(() => Promise.reject(new TypeError('a fault')), new FakeClock()),
    /a fault/,
  );
});
