import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { HttpsApiServer } from '../../../src/kube/https-api-server.ts';
import { Leases } from '../../../src/kube/leases.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { leaseSuite } from '../../support/kube/lease-suite.ts';
import { loopbackLeases } from '../../support/kube/loopback-leases.ts';
import { type LoopbackApiServer, startApiServer } from '../../support/servers/api-server.ts';

const { signal } = new AbortController();

function leasesOf(server: LoopbackApiServer, token?: () => string) {
  const context = recordedContext();
  const api = new HttpsApiServer(server.url, () =>
    Promise.resolve({ headers: token === undefined ? {} : { authorization: `Bearer ${token()}` } }),
  );
  return { leases: new Leases({ server: api, namespace: 'shoot--a' }, context.clock), context, api };
}

leaseSuite('our API server', loopbackLeases);

describe('leases', () => {
  it('are asked for with the token as it is now', async () => {
    await using server = await startApiServer();
    server.create('shoot--a', 'full');
    let token = 'first';
    const { leases, api } = leasesOf(server, () => token);
    using _ = api;
    server.token = 'second';
    await assert.rejects(leases.get('full', { signal }), { code: 'kube_denied', message: /HTTP 401/ });
    token = 'second';
    assert.equal((await leases.get('full', { signal }))?.name, 'full');
  });

  const foreign: readonly [string, (response: ServerResponse) => void][] = [
    ['HTML', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['a 404 of something else', (response) => response.writeHead(404).end('not found')],
    ['an error of the server', (response) => response.writeHead(500).end('{"kind":"Status"}')],
    ['JSON of another service', (response) => response.writeHead(200).end('{"ok":true}')],
    ['an empty answer', (response) => response.writeHead(200).end()],
  ];
  for (const [what, answer] of foreign) {
    it(`are not found in ${what}`, async () => {
      await using server = await startApiServer();
      server.instead = (_, response) => answer(response);
      const { leases, api } = leasesOf(server);
      using _ = api;
      await assert.rejects(leases.get('full', { signal }), { code: 'kube_answer' });
    });
  }

  it('are not found where the server goes on with another protocol', { timeout: 10_000 }, async () => {
    await using server = await startApiServer();
    server.instead = (_, response) =>
      void response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    const { leases, api } = leasesOf(server);
    using _ = api;
    await assert.rejects(leases.get('full', { signal }), { code: 'kube_unreachable' });
  });

  it('are not found in a body that never ends', async () => {
    await using server = await startApiServer();
    server.instead = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) {}
        response.once('drain', more);
      };
      more();
    };
    const { leases, api } = leasesOf(server);
    using _ = api;
    await assert.rejects(leases.get('full', { signal }), { code: 'kube_unreachable' });
  });

  it('are given up with their signal while the server hangs, and fail when it is gone', async () => {
    const server = await startApiServer();
    const arrived = Promise.withResolvers<void>();
    server.instead = () => arrived.resolve();
    const { leases, api } = leasesOf(server);
    using _ = api;
    const stop = new AbortController();
    const asked = leases.get('full', { signal: stop.signal });
    await arrived.promise;
    stop.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    await server[Symbol.asyncDispose]();
    await assert.rejects(leases.get('full', { signal }), { code: 'kube_unreachable', message: /ECONNREFUSED/ });
  });
});
