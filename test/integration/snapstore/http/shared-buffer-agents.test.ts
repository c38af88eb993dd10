import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { SharedBufferHttpAgent, SharedBufferHttpsAgent } from '../../../../src/snapstore/http/shared-buffer-agents.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';

const SIZE = 1024 * 1024;

/** Answers `/SEED` with bytes of that seed. */
const answer: RequestListener = ({ url = '' }, response) => {
  const body = seededBytes(SIZE, Number(url.slice(1)));
  response.writeHead(200, { 'content-length': body.length }).end(body);
};

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Reads in bits, with pauses in which the others receive. */
async function readSlowly(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    await setImmediate();
  }
  return Buffer.concat(pieces);
}

for (const scheme of ['http', 'https'] as const) {
  test(`answers over ${scheme} come whole to each of many that share the memory, connections are used again`, async () => {
    await using certificates = await makeCertificates();
    const { cert, key } = certificates.server;
    const server =
      scheme === 'http'
        ? createServer(answer)
        : createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer);
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const port = await listening(server);
    const limits = { keepAlive: true, maxSockets: 4 };
    const agent =
      scheme === 'http'
        ? new SharedBufferHttpAgent(limits)
        : new SharedBufferHttpsAgent({ ...limits, ca: readFileSync(certificates.ca) });
    const get = async (seed: number): Promise<void> => {
      const options = { host: '127.0.0.1', port, path: `/${seed}`, agent };
      const sent = (scheme === 'http' ? request(options) : tlsRequest(options)).end();
      const [response] = await once(sent, 'response');
      assert.ok((await readSlowly(response)).equals(seededBytes(SIZE, seed)), `answer ${seed}`);
    };
    await Promise.all(Array.from({ length: 12 }, (_, seed) => get(seed)));
    assert.equal(connections, 4);
    agent.destroy();
    server.close();
  });
}

test('an answer that ends early is an error as ever', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('short');
    response.socket?.end();
  });
  const port = await listening(server);
  const agent = new SharedBufferHttpAgent({ keepAlive: true });
  const [response] = await once(request({ host: '127.0.0.1', port, agent }).end(), 'response');
  await assert.rejects(readSlowly(response), { code: 'ECONNRESET' });
  agent.destroy();
  server.close();
});
