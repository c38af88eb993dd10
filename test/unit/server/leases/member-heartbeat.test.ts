import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { HttpsApiServer } from '../../../../src/kube/https-api-server.ts';
import { Leases } from '../../../../src/kube/leases.ts';
import { silentProgress } from '../../../../src/runtime/terminal/progress.ts';
import { MemberHeartbeat } from '../../../../src/server/leases/member-heartbeat.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { type LoopbackApiServer, startApiServer } from '../../../support/servers/api-server.ts';

const member = { memberId: 0x1fn, clusterId: 0xabcn, role: 'Leader' } as const;

function beating(server: LoopbackApiServer, open: () => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const api = new HttpsApiServer(server.url, () => Promise.resolve({ headers: {} }));
  const stop = new AbortController();
  const heartbeat = new MemberHeartbeat(
    {
      leases: async () => {
        await open();
        return new Leases({ server: api, namespace: 'a' }, clock);
      },
      member: () => Promise.resolve({ name: 'etcd-main-0', peers: 'TLS' as const }),
      periodMs: 10_000,
    },
    { clock, log, progress: silentProgress, signal: stop.signal },
  );
  return {
    clock,
    log,
    heartbeat,
    /** Lets a period pass, and resolves when the next one has begun. */
    async period() {
      await clock.untilSleeping(10_000);
      await clock.advance(10_000);
      await clock.untilSleeping(10_000);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('over'));
      await heartbeat.ended();
      api[Symbol.dispose]();
    },
  };
}

describe('the heartbeat of a member', () => {
  it('begins after one period, and pauses while the member is out of reach', async () => {
    await using server = await startApiServer();
    server.create('a', 'etcd-main-0');
    await using rig = beating(server);
    const renewed = (): unknown => server.lease('a', 'etcd-main-0')?.spec['renewTime'];
    rig.heartbeat.looked(member);
    rig.heartbeat.renew();
    await rig.clock.untilSleeping(10_000);
    assert.equal(server.requests.length, 0);
    await rig.period();
    assert.equal(renewed(), '2026-11-21T08:00:10.000000Z');
    assert.equal(server.lease('a', 'etcd-main-0')?.spec['holderIdentity'], '1f:abc:Leader');
    rig.heartbeat.pause();
    const before = server.requests.length;
    await rig.period();
    assert.equal(server.requests.length, before);
    rig.heartbeat.looked({ ...member, role: 'Member' });
    rig.heartbeat.renew();
    await rig.period();
    assert.equal(renewed(), '2026-11-21T08:00:30.000000Z');
    assert.equal(server.lease('a', 'etcd-main-0')?.spec['holderIdentity'], '1f:abc:Member');
  });

  it('that fails is warned of once, and goes on', async () => {
    await using server = await startApiServer();
    let refuses = true;
    await using rig = beating(server, () => (refuses ? Promise.reject(new Error('no account')) : Promise.resolve()));
    rig.heartbeat.looked(member);
    rig.heartbeat.renew();
    await rig.period();
    await rig.period();
    assert.equal(rig.log.count(/Cannot renew the lease of our member; backups go on: no account/), 1);
    refuses = false;
    server.create('a', 'etcd-main-0');
    await rig.period();
    await eventually(() => (rig.log.count(/^Renewed the lease of our member again$/) === 1 ? true : undefined), {
      intervalMs: 2,
      describe: () => rig.log.texts.join('\n'),
    });
  });

  it('goes on 20 s after something hung that hears of no end, and ends with the process while that lasts', async () => {
    await using server = await startApiServer();
    server.create('a', 'etcd-main-0');
    const hanging = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let opened = 0;
    await using rig = beating(server, () => {
      opened += 1;
      return opened === 2 ? Promise.resolve() : (hanging[Math.min(opened - 1, 1)]?.promise ?? Promise.resolve());
    });
    rig.heartbeat.looked(member);
    rig.heartbeat.renew();
    await rig.clock.untilSleeping(10_000);
    await rig.clock.advance(10_000);
    await rig.clock.untilSleeping(20_000);
    await rig.clock.advance(20_000);
    await rig.period();
    await eventually(() => (server.lease('a', 'etcd-main-0')?.spec['holderIdentity'] === undefined ? undefined : true));
    assert.match(rig.log.texts[0] ?? '', /no answer came within 20 s/);
    await rig.clock.advance(10_000);
    assert.equal(opened, 3);
  });
});
