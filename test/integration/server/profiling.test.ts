import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { RawConnection } from '../../support/server/raw-connection.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const profiling = { commandLine: ['etcdbrctl', 'server', '--etcd-password=***'] };

describe('profiling', () => {
  it('has an index and shows the arguments', async () => {
    await using server = await serveFakeSidecar({ profiling });
    const at = `http://127.0.0.1:${server.port}/debug/pprof/`;
    const index = await fetch(at);
    assert.match(await index.text(), /profile\?seconds=30 .*\nheap .*\ncmdline /);
    assert.equal(index.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(await (await fetch(`${at}cmdline`)).text(), 'etcdbrctl\0server\0--etcd-password=***');
    assert.equal((await fetch(`${at}symbol`)).status, 404);
  });

  it('makes a CPU profile of V8', async () => {
    await using server = await serveFakeSidecar({ profiling });
    const response = await fetch(`http://127.0.0.1:${server.port}/debug/pprof/profile?seconds=0.2`);
    const profile = (await response.json()) as {
      nodes: unknown[];
      samples: unknown[];
      startTime: number;
      endTime: number;
    };
    assert.ok(profile.nodes.length > 0 && profile.endTime - profile.startTime >= 150_000);
  });

  it('refuses what is longer than a profile may be', async () => {
    await using server = await serveFakeSidecar({ profiling });
    for (const seconds of [String(limits.profileTime.most + 1), '0', '-1', 'x', 'Infinity']) {
      const response = await fetch(`http://127.0.0.1:${server.port}/debug/pprof/profile?seconds=${seconds}`);
      assert.equal(response.status, 400, seconds);
    }
  });

  it('makes one profile at a time, and ends it when its client goes away', async () => {
    await using server = await serveFakeSidecar({ profiling });
    const path = '/debug/pprof/profile?seconds=';
    const first = await RawConnection.open(server.port);
    first.send(`GET ${path}200 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually(() => (server.log.count(/Making a CPU profile/) === 1 ? true : undefined));
    assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}1`)).status, 500);
    await first[Symbol.asyncDispose]();
    await eventually(async () => {
      const again = await fetch(`http://127.0.0.1:${server.port}${path}0.05`);
      await again.text();
      return again.status === 200 ? true : undefined;
    });
  });

  it('makes a heap snapshot of V8', async () => {
    await using server = await serveFakeSidecar({ profiling });
    const response = await fetch(`http://127.0.0.1:${server.port}/debug/pprof/heap`);
    const text = await response.text();
    assert.match(text, /^\{"snapshot":/);
    assert.ok(text.length > 1_000_000);
    assert.ok(text.trimEnd().endsWith('}'));
  });
});
