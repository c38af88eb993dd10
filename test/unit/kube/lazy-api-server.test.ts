import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiServer } from '../../../src/kube/api-server.ts';
import { LazyApiServer } from '../../../src/kube/lazy-api-server.ts';

it('a server is looked for at the first request, again while there is none, and closed with it', async () => {
  let searches = 0;
  let closed = 0;
  const server: ApiServer = {
    location: 'https://api',
    request: async () => ({ status: 200, body: {} }),
    [Symbol.dispose]: () => {
      closed += 1;
    },
  };
  {
    using lazy = new LazyApiServer(async () => {
      searches += 1;
      if (searches === 1) {
        throw new Error('no credentials');
      }
      return server;
    });
    const request = { method: 'GET', path: '/', signal: new AbortController().signal } as const;
    assert.equal(searches, 0);
    await assert.rejects(lazy.request(request), /no credentials/);
    assert.equal((await lazy.request(request)).status, 200);
    assert.equal((await lazy.request(request)).status, 200);
    assert.deepEqual([searches, lazy.location], [2, 'https://api']);
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, 1);
});
