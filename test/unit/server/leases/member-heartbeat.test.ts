import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { HttpsApiServer } from '../../../../src/kube/https-api-server.ts';
import { Leases } from '../../../../src/kube/leases.ts';
import { silentProgress } from '../../../../src/runtime/terminal/progress.ts';
import { renewMemberLease } from '../../../../src/server/leases/member-heartbeat.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { startApiServer } from '../../../support/servers/api-server.ts';

describe('the heartbeat of a member', () => {
  it('begins after one period, and pauses while nothing is known of the member', async () => {
    await using server = await startApiServer();
    server.create('a', 'etcd-main-0');
    const clock = new FakeClock();
    using api = new HttpsApiServer(server.url, () => Promise.resolve({ headers: {} }));
    const stop = new AbortController();
    let isKnown = true;
    const request = {
      leases: new Leases({ server: api, namespace: 'a' }, clock),
      member: 'etcd-main-0',
      periodMs: 10_000,
      news: () =>
        isKnown ? ({ memberId: 0x1fn, clusterId: 0xabcn, role: 'Leader', peers: 'plain' } as const) : undefined,
    };
    const context = { clock, log: new RecordedLog(), progress: silentProgress, signal: stop.signal };
    const running = renewMemberLease(request, context).catch(() => undefined);
    const renewed = (): unknown => server.lease('a', 'etcd-main-0')?.spec['renewTime'];
    const until = (done: () => boolean): Promise<unknown> =>
      eventually(() => (done() ? true : undefined), { intervalMs: 2, describe: () => `renewed ${String(renewed())}` });

    await clock.untilSleeping(10_000);
    assert.equal(server.requests.length, 0);
    await clock.advance(10_000);
    await until(() => renewed() === '2026-11-21T08:00:10.000000Z');
    assert.equal(server.lease('a', 'etcd-main-0')?.spec['holderIdentity'], '1f:abc:Leader');
    isKnown = false;
    await clock.untilSleeping(10_000);
    const before = server.requests.length;
    await clock.advance(10_000);
    await clock.untilSleeping(10_000);
    assert.equal(server.requests.length, before);
    isKnown = true;
    await clock.advance(10_000);
    await until(() => renewed() === '2026-11-21T08:00:30.000000Z');
    stop.abort(new Error('over'));
    await running;
  });
});
