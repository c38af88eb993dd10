import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { describe, it } from 'node:test';
import type { Environment } from '../../../../src/runtime/environment.ts';
import { kindOfNetworkError } from '../../../../src/snapstore/http/error-kind.ts';
import { storeAgents } from '../../../../src/snapstore/http/store-agents.ts';
import { storeNetwork } from '../../../../src/snapstore/http/store-network.ts';
import { rawBytes, startRawServer } from '../../../support/servers/raw-server.ts';
import { startSilentServer } from '../../../support/servers/silent-server.ts';

/** What a request fails with whose connection has a moment. */
async function failure(url: string, environment: Environment = {}): Promise<unknown> {
  const agents = storeAgents({ network: storeNetwork(environment), connectMs: 100 });
  try {
    const isSecure = url.startsWith('https:');
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      agent: isSecure ? agents.https : agents.http,
    }).end();
    return await once(request, 'response').then(
      () => 'answered',
      (error: unknown) => error,
    );
  } finally {
    agents.close();
  }
}

describe('a connection to a store', () => {
  it('is given up where the TLS handshake is not answered, which names host and port', async () => {
    await using server = await startSilentServer();
    const { host } = new URL(server.url);
    const { kind, found } = kindOfNetworkError(await failure(`https://${host}/object`));
    assert.equal(kind, 'transient');
    assert.equal(found, `${host} takes connections and has not answered the TLS handshake within 0.1 s`);
  });

  it('is given up where a proxy does not answer, which names the proxy', async () => {
    await using server = await startSilentServer();
    const { host } = new URL(server.url);
    const { kind, found } = kindOfNetworkError(
      await failure('https://store.example/object', { HTTPS_PROXY: `http://user:secret@${host}` }),
    );
    assert.equal(kind, 'transient');
    assert.equal(found, `the proxy http://${host} (HTTPS_PROXY) fails: there was no answer within 0.1 s`);
  });

  it('is given up where a proxy opens a tunnel to what does not answer the TLS handshake', async () => {
    await using server = await startRawServer(rawBytes('HTTP/1.1 200 Connection established\r\n\r\n', 'stay'));
    const { kind, found } = kindOfNetworkError(
      await failure('https://store.example/object', { HTTPS_PROXY: server.url }),
    );
    assert.equal(kind, 'transient');
    assert.equal(found, 'store.example:443 takes connections and has not answered the TLS handshake within 0.1 s');
  });

  it('is given up where a proxy sends headers without end, long before they fill the memory', async () => {
    let sent = 0;
    await using server = await startRawServer((client) => {
      const piece = `x-more: ${'a'.repeat(1_000)}\r\n`.repeat(50);
      const send = (): void => {
        if (!client.destroyed && sent < 50_000_000) {
          sent += piece.length;
          client.write(piece, () => setImmediate(send));
        }
      };
      client.write('HTTP/1.1 200 Connection established\r\n');
      send();
    });
    const { found } = kindOfNetworkError(await failure('https://store.example/object', { HTTPS_PROXY: server.url }));
    assert.match(found, /^the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTPS_PROXY\) fails: /);
    assert.ok(sent < 10_000_000, `${sent} bytes were taken`);
  });

  it('leaves nothing of a tunnel behind when the request ends', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const asked = Promise.withResolvers<void>();
    await using server = await startRawServer((client) => {
      closed = once(client, 'close');
      asked.resolve();
    });
    const agents = storeAgents({ network: storeNetwork({ HTTPS_PROXY: server.url }), connectMs: 60_000 });
    const request = requestHttps('https://store.example/object', { agent: agents.https }).end();
    request.on('error', () => undefined);
    await asked.promise;
    request.destroy();
    await closed;
    agents.close();
  });
});
