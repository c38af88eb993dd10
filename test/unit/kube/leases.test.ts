import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { HttpsApiServer } from '../../../src/kube/https-api-server.ts';
import { Leases } from '../../../src/kube/leases.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { type LoopbackApiServer, startApiServer } from '../../support/servers/api-server.ts';

const renewTime = '2026-07-24T10:00:00.000000Z';
const { signal } = new AbortController();

function leasesOf(server: LoopbackApiServer, token?: () => string) {
  const context = recordedContext();
  const api = new HttpsApiServer(server.url, () =>
    Promise.resolve({ headers: token === undefined ? {} : { authorization: `Bearer ${token()}` } }),
  );
  return { leases: new Leases({ server: api, namespace: 'shoot--a' }, context.clock), context, api };
}

describe('leases', () => {
  it('are read and patched with the fields that change', async () => {
    await using server = await startApiServer();
    server.create('shoot--a', 'full', { holderIdentity: '5', leaseDurationSeconds: 40 });
    const { leases, api } = leasesOf(server);
    using _ = api;
    const outcome = await leases.renew(
      'full',
      (lease) => {
        assert.equal(lease.holderIdentity, '5');
        return { spec: { holderIdentity: '6', renewTime } };
      },
      { signal },
    );
    assert.equal(outcome, 'renewed');
    assert.deepEqual(server.lease('shoot--a', 'full')?.spec, {
      holderIdentity: '6',
      leaseDurationSeconds: 40,
      renewTime,
    });
    assert.deepEqual(
      server.requests.map(({ method }) => method),
      ['GET', 'PATCH'],
    );
  });

  it('are left alone when there is nothing to change', async () => {
    await using server = await startApiServer();
    server.create('shoot--a', 'full');
    const { leases, api } = leasesOf(server);
    using _ = api;
    assert.equal(await leases.renew('full', () => undefined, { signal }), 'left');
    assert.equal(server.requests.length, 1);
  });

  it('are read again after a conflict', async () => {
    await using server = await startApiServer();
    server.create('shoot--a', 'full', { holderIdentity: '5' });
    const { leases, context, api } = leasesOf(server);
    using _ = api;
    let conflicts = 2;
    server.beforePatch = () => {
      const lease = server.lease('shoot--a', 'full');
      if (lease !== undefined && conflicts-- > 0) {
        lease.version += 1;
      }
    };
    await leases.renew('full', ({ resourceVersion = '' }) => ({ metadata: { resourceVersion }, spec: { renewTime } }), {
      signal,
    });
    assert.deepEqual(context.sleeps, [10, 50]);
    assert.equal(server.lease('shoot--a', 'full')?.spec['renewTime'], renewTime);
    conflicts = 9;
    const refused = leases.renew(
      'full',
      ({ resourceVersion = '' }) => ({ metadata: { resourceVersion }, spec: { renewTime } }),
      { signal },
    );
    await assert.rejects(refused, { code: 'kube_conflict' });
  });

  it('that are missing, forbidden or asked for with an old token say so', async () => {
    await using server = await startApiServer();
    let token = 'first';
    const { leases, api } = leasesOf(server, () => token);
    using _ = api;
    server.token = 'first';
    await assert.rejects(
      leases.renew('full', () => undefined, { signal }),
      {
        code: 'lease_missing',
        message: /^cannot renew lease shoot--a\/full: there is no such lease/,
      },
    );
    server.create('shoot--a', 'full');
    server.rights.delete('patch');
    await assert.rejects(
      leases.renew('full', () => ({ spec: { renewTime } }), { signal }),
      { code: 'kube_denied' },
    );
    server.rights.delete('get');
    await assert.rejects(leases.get('full', { signal }), { code: 'kube_denied' });
    server.rights.add('get');
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
