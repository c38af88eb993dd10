import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { storeAgents } from '../../../../src/snapstore/http/store-agents.ts';
import { storeNetwork } from '../../../../src/snapstore/http/store-network.ts';
import { type RawServer, rawBytes, startRawServer } from '../../../support/servers/raw-server.ts';

const answer = rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\nx', 'stay');

/** Answers one request of each connection, and breaks it when the next one comes, as a server does that has just ended idle ones. */
async function startForgetfulServer(): Promise<RawServer> {
  const used = new WeakSet<Socket>();
  return await startRawServer((socket, head) => {
    if (used.has(socket)) {
      socket.resetAndDestroy();
    } else {
      used.add(socket);
      answer(socket, head);
    }
  });
}

async function get(url: string, agent: Agent): Promise<void> {
  const [response] = await once(request(url, { agent }).end(), 'response');
  await once(response.resume(), 'end');
}

for (const way of ['a store', 'a proxy'] as const) {
  test(`after a connection to ${way} that was kept has broken, the next try gets a new one, however many are idle`, async () => {
    await using server = await startForgetfulServer();
    const url = way === 'a store' ? `${server.url}/object` : 'http://store.example/object';
    const agents = storeAgents({ network: storeNetwork({ HTTP_PROXY: server.url }) });
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => get(url, agents.http)));
    await assert.rejects(get(url, agents.http), { code: 'ECONNRESET' });
    await get(url, agents.http);
    assert.equal(server.requests(), 8);
    agents.close();
  });
}
