import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { EtcdCluster } from '../../../src/etcd/cluster.ts';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import { revision } from '../../../src/revision.ts';
import { connected } from '../../support/etcd/connected.ts';
import { type Http2Flood, informational, startHttp2Flood } from '../../support/servers/http2-flood.ts';

/** Longer than the test may take: nothing here is to end because of it, ms. */
const patience = 600_000;

const calls: Readonly<Record<string, (cluster: EtcdCluster, signal: AbortSignal) => Promise<unknown>>> = {
  status: (cluster, signal) => cluster.status({ signal }),
  snapshot: (cluster, signal) => Array.fromAsync(cluster.snapshot({ signal })),
};

async function connectedTo(server: Http2Flood) {
  const options = { connectionTimeoutMs: patience, snapshotTimeoutMs: patience };
  return await connected([server.url], options, { answer: 'not awaited' });
}

/** What is counted is 42 bytes a frame; some more are on their way. */
function assertBounded(server: Http2Flood): void {
  assert.ok(server.mostFrames() < 500_000, `${server.mostFrames()} frames were taken`);
}

describe('informational answers of an etcd that do not end', () => {
  for (const [what, call] of Object.entries(calls)) {
    it(`break off the connection before they fill the memory: ${what}`, async () => {
      await using server = await startHttp2Flood(informational);
      await using connection = await connectedTo(server);
      await assert.rejects(call(connection.cluster, connection.signal), (error) => {
        assert.ok(error instanceof EtcdFailure, String(error));
        assert.equal(error.code, 'etcd_unreachable');
        assert.match(error.message, /the connection breaks off/);
        return true;
      });
      assertBounded(server);
    });
  }

  it('break off the connection of a watch, which begins again', async () => {
    await using server = await startHttp2Flood(informational);
    await using connection = await connectedTo(server);
    const { cluster, signal, log } = connection;
    const stop = new AbortController();
    const watch = Array.fromAsync(
      cluster.watch({ from: revision(2), signal: AbortSignal.any([signal, stop.signal]) }),
    ).catch(() => undefined);
    await eventually(() => (log.count(/breaks off/) > 0 ? true : undefined), {
      intervalMs: 20,
      timeoutMs: 60_000,
      describe: () => log.texts.join('\n'),
    });
    stop.abort(new Error('over'));
    await watch;
    assertBounded(server);
  });
});
