import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { HttpsApiServer } from '../../../../src/kube/https-api-server.ts';
import { Leases } from '../../../../src/kube/leases.ts';
import { silentProgress } from '../../../../src/runtime/terminal/progress.ts';
import { SnapshotLeases } from '../../../../src/server/leases/snapshot-leases.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';
import { type LoopbackApiServer, startApiServer } from '../../../support/servers/api-server.ts';

function stored(name: string): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size: 1 };
}

function running(server: LoopbackApiServer) {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const api = new HttpsApiServer(server.url, () => Promise.resolve({ headers: {} }));
  const leases = new Leases({ server: api, namespace: 'a' }, clock);
  const snapshots = new SnapshotLeases(
    { leases: () => Promise.resolve(leases), names: { full: 'full', delta: 'delta' } },
    { clock, log, progress: silentProgress },
  );
  const stop = new AbortController();
  const run = snapshots.run(stop.signal).catch(() => undefined);
  return {
    clock,
    log,
    listener: snapshots.listener,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('over'));
      await run;
      api[Symbol.dispose]();
    },
  };
}

function holder(server: LoopbackApiServer, name: string): unknown {
  return server.lease('a', name)?.spec['holderIdentity'];
}

async function until(done: () => boolean): Promise<void> {
  await eventually(() => (done() ? true : undefined), { intervalMs: 2, describe: () => 'it did not come to that' });
}

describe('the leases of snapshots', () => {
  it('follow the chain: the full at once, the deltas after each period', async () => {
    await using server = await startApiServer();
    server.create('a', 'full');
    server.create('a', 'delta');
    await using run = running(server);
    const full = stored('Full-0-58-1795251532');
    run.listener({ type: 'stored', snapshot: full, chain: { full, deltas: [] } });
    await until(() => holder(server, 'full') === '58');
    assert.equal(server.lease('a', 'full')?.spec['renewTime'], '2026-11-21T08:58:52.000000Z');
    run.listener({ type: 'deltas up to date' });
    await until(() => holder(server, 'delta') === '0');
    const delta = stored('Incr-59-70-1795251600');
    run.listener({ type: 'stored', snapshot: delta, chain: { full, deltas: [delta] } });
    await until(() => holder(server, 'delta') === '70');
    await run.clock.advance(20_000);
    run.listener({ type: 'deltas up to date' });
    await until(() => server.lease('a', 'delta')?.spec['renewTime'] === '2026-11-21T08:00:20.000000Z');
    assert.deepEqual(run.log.texts, []);
  });

  it('that cannot be renewed are warned of once for each reason, and that of fulls is tried again every minute', async () => {
    await using server = await startApiServer();
    await using run = running(server);
    const full = stored('Full-0-58-1795251532');
    run.listener({ type: 'stored', snapshot: full, chain: { full, deltas: [] } });
    await run.clock.untilSleeping(60_000);
    await run.clock.advance(60_000);
    await until(() => server.requests.length === 2);
    await run.clock.untilSleeping(60_000);
    assert.equal(run.log.count(/Cannot renew the lease of full snapshots, full; backups go on: .*no such lease/), 1);
    server.create('a', 'full');
    server.rights.delete('patch');
    await run.clock.advance(60_000);
    await until(() => run.log.count(/the account may not/) === 1);
    server.rights.add('patch');
    await run.clock.untilSleeping(60_000);
    await run.clock.advance(60_000);
    await until(() => holder(server, 'full') === '58');
    await until(() => run.log.count(/Renewed the lease of full snapshots, full again/) === 1);
  });

  it('are never lowered, which is said once', async () => {
    await using server = await startApiServer();
    server.create('a', 'full', { holderIdentity: '900' });
    await using run = running(server);
    for (const name of ['Full-0-58-1795251532', 'Full-0-60-1795251600']) {
      const full = stored(name);
      const before = server.requests.length;
      run.listener({ type: 'stored', snapshot: full, chain: { full, deltas: [] } });
      await until(() => server.requests.length > before);
    }
    await until(() => run.log.lines.length > 0);
    assert.equal(run.log.count(/it holds a higher revision/), 1);
    assert.equal(holder(server, 'full'), '900');
  });

  it('take at most a minute of an API server that hangs', async () => {
    await using server = await startApiServer();
    server.instead = () => undefined;
    await using run = running(server);
    run.listener({ type: 'deltas up to date' });
    await until(() => server.requests.length === 1);
    await run.clock.advance(60_000);
    await until(() => run.log.count(/no answer came within 60 s/) === 1);
  });
});
