import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { test } from 'node:test';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { stopWrapper } from '../../../../src/server/member/stop-wrapper.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { connectionTo } from '../../../support/etcd/connected.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function listening(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) };
}

const stop = (port: number, clock = new FakeClock(), signal = new AbortController().signal): Promise<void> =>
  stopWrapper({ connection: connectionTo(['http://127.0.0.1:2379']), port, random: () => 0 }, { signal, clock });

test('the wrapper on the host of the first endpoint is posted to', async () => {
  const seen: string[] = [];
  const answers: Answer[] = [
    (_request, response) => response.end(),
    (_request, response) => response.socket?.destroy(),
  ];
  await using server = await listening(
    createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      answers.shift()?.(request, response);
    }),
  );
  await stop(server.port);
  // It may be gone before it has answered.
  await stop(server.port);
  assert.deepEqual(seen, ['POST /stop', 'POST /stop']);
});

test('one that refuses, or answers something else, is asked four times', async () => {
  let asked = 0;
  await using server = await listening(
    createServer((_request, response) => {
      asked += 1;
      response.statusCode = 503;
      response.end();
    }),
  );
  for (const [port, found] of [
    [server.port, /it answered 503/],
    [await freePort(), /connection refused/],
  ] as const) {
    const clock = new FakeClock();
    const stopping = assert.rejects(stop(port, clock), { code: 'wrapper_unreachable', message: found });
    for (const ms of [2_000, 4_000, 8_000]) {
      await clock.untilSleeping(ms);
      await clock.advance(ms);
    }
    await stopping;
  }
  assert.equal(asked, 4);
});

test('one that goes on with another protocol is not waited for', { timeout: 10_000 }, async () => {
  await using server = await listening(
    createServer((_request, response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    }),
  );
  const clock = new FakeClock();
  const stopping = assert.rejects(stop(server.port, clock), { code: 'wrapper_unreachable' });
  for (const ms of [2_000, 4_000, 8_000]) {
    await clock.untilSleeping(ms);
    await clock.advance(ms);
  }
  await stopping;
});

test('one that does not answer is not waited for, and an abort ends it', async () => {
  let asked = 0;
  await using server = await listening(
    createServer(() => {
      asked += 1;
    }),
  );
  const clock = new FakeClock();
  const controller = new AbortController();
  const stopping = assert.rejects(stop(server.port, clock, controller.signal), /enough/);
  await clock.untilSleeping(10_000);
  while (asked === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.advance(10_000);
  await clock.untilSleeping(2_000);
  controller.abort(new Error('enough'));
  await stopping;
});

test('over TLS it is trusted as etcd is', async () => {
  await using certificates = await makeCertificates();
  const { ca, server: pair } = certificates;
  const answer: Answer = (_request, response) => response.end();
  await using server = await listening(
    createTlsServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, answer),
  );
  const place = { port: server.port, random: () => 0 };
  const trusting = connectionTo(['https://127.0.0.1:2379'], { caFile: ca, insecureTransport: false });
  const signal = AbortSignal.timeout(20_000);
  await stopWrapper({ ...place, connection: trusting }, { signal, clock: new FakeClock() });
  const controller = new AbortController();
  const clock = new FakeClock();
  const distrusting = connectionTo(['https://127.0.0.1:2379'], { insecureTransport: false });
  const refused = assert.rejects(
    stopWrapper({ ...place, connection: distrusting }, { signal: controller.signal, clock }),
    /enough/,
  );
  await clock.untilSleeping(2_000);
  controller.abort(new Error('enough'));
  await refused;
});
