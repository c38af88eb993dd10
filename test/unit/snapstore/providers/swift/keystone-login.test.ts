import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock } from '../../../../../src/runtime/system-clock.ts';
import { directNetwork } from '../../../../../src/snapstore/http/store-network.ts';
import { defaultTimeouts } from '../../../../../src/snapstore/http/store-requests.ts';
import { KeystoneLogin } from '../../../../../src/snapstore/providers/swift/keystone-login.ts';

/** Logs in to a Keystone of this machine whose catalogue has the object store at `url`. */
async function loginWith(url: string): Promise<string> {
  const now = new Date();
  const token = {
    issued_at: now.toISOString(),
    expires_at: new Date(now.getTime() + 3_600_000).toISOString(),
    catalog: [{ type: 'object-store', endpoints: [{ interface: 'public', url, region: 'r' }] }],
  };
  const server = createServer((_request, response) => {
    response.writeHead(201, { 'x-subject-token': 'hunter2' }).end(JSON.stringify({ token }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const login = new KeystoneLogin(
    {
      authURL: `http://127.0.0.1:${port}`,
      region: undefined,
      identity: { kind: 'application_credential', id: 'i', secret: 'hunter2' },
    },
    { clock: systemClock, network: directNetwork, timeouts: defaultTimeouts },
  );
  try {
    return (await login.token()).account;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("the token's way to the object store", () => {
  it('has TLS, or stays on this machine', async () => {
    assert.equal(await loginWith('https://swift.example/v1/a/'), 'https://swift.example/v1/a');
    assert.equal(await loginWith('http://127.0.0.1:8080/v1/a'), 'http://127.0.0.1:8080/v1/a');
    await assert.rejects(loginWith('http://swift.example:8080/v1/secret'), (error: Error) => {
      assert.match(
        error.message,
        /the object store at http:\/\/swift\.example:8080, and the token would travel in clear/,
      );
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
});
