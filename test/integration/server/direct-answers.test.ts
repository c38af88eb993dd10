import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { connect as connectSecurely } from 'node:tls';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { AuthTokens } from '../../../src/server/http/access/auth-tokens.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { RawConnection } from '../../support/server/raw-connection.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const plain = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
/** The same question as one for Node. */
const other = (path: string, headers = ''): string => plain(path, `${headers}X-Other: 1\r\n`);

/** Counts the requests that Node makes of what comes. */
function countRequests(): Disposable & { readonly count: number } {
  let count = 0;
  const onStart = (): void => {
    count += 1;
  };
  subscribe('http.server.request.start', onStart);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void unsubscribe('http.server.request.start', onStart),
  };
}

/** Sends requests over a connection of their own, which may be of TLS, and returns all that comes until `count` answers have. */
async function answersTo(server: Pick<Served, 'port'>, text: string, options: { count?: number; tls?: boolean } = {}) {
  const { count = 1, tls = false } = options;
  if (!tls) {
    await using connection = await RawConnection.open(server.port);
    connection.send(text);
    return await connection.until(new RegExp(`^(?:HTTP/1.1[\\s\\S]*){${count}}(?:\\}|\\n|\\0)$`));
  }
  const socket = connectSecurely({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.write(text, 'latin1');
  let all = '';
  for await (const piece of socket.setEncoding('latin1')) {
    all += piece;
    if (/(?:\}|\n|\0)$/.test(all)) {
      break;
    }
  }
  return all;
}

const withoutTime = (answer: string): string =>
  answer.replaceAll(/^Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r$/gm, 'Date\r');

describe('a plain request is answered as Node answers it', () => {
  for (const tls of [false, true]) {
    for (const [title, path, headers] of [
      ['health', '/healthz', ''],
      ['bad health', '/healthz', ''],
      ['life', '/livez', ''],
      ['metrics', '/metrics', ''],
      ['metrics for one that takes gzip', '/metrics', 'Accept-Encoding: gzip\r\n'],
    ] as const) {
      it(`${title}${tls ? ' over TLS' : ''}`, async () => {
        const sidecar = new FakeSidecar();
        sidecar.healthy = title !== 'bad health';
        const { cert: certFile, key: keyFile } = certificates.server;
        await using server = await serveFakeSidecar({
          sidecar,
          ...(tls ? { certificate: { certFile, keyFile } } : {}),
        });
        using requests = countRequests();
        const direct = await answersTo(server, plain(path, headers), { tls });
        assert.equal(requests.count, 0);
        const usual = await answersTo(server, other(path, headers), { tls });
        assert.equal(requests.count, 1);
        assert.match(direct, /^HTTP\/1.1 [25][\s\S]*^Date: .*^Connection: keep-alive\r$[\s\S]*\r\n\r\n./ms);
        assert.equal(withoutTime(direct), withoutTime(usual));
      });
    }
  }
});

describe('a connection with plain requests', () => {
  it('shows each change of health at once', async () => {
    await using server = await serveFakeSidecar();
    await using connection = await RawConnection.open(server.port);
    using requests = countRequests();
    for (let n = 0; n < 10; n++) {
      server.sidecar.healthy = n % 2 === 0;
      connection.pieces.length = 0;
      connection.send(plain('/healthz'));
      const answer = await connection.until(/\}$/);
      assert.match(
        answer,
        n % 2 === 0 ? /^HTTP\/1.1 200 [\s\S]*\{"health":true\}$/ : /^HTTP\/1.1 503 [\s\S]*\{"health":false\}$/,
      );
      assert.equal(connection.pieces.length, 1);
    }
    assert.equal(requests.count, 0);
  });

  it('is answered in order where requests come together, of any kind', async () => {
    await using server = await serveFakeSidecar();
    await using connection = await RawConnection.open(server.port);
    using requests = countRequests();
    connection.send(
      plain('/healthz') +
        plain('/metrics') +
        plain('/livez') +
        other('/healthz') +
        plain('/metrics') +
        plain('/snapshot/delta'),
    );
    const all = await connection.until(/null$/);
    assert.deepEqual(all.match(/"health":true|cluster_size 1|"live":true|null/g), [
      '"health":true',
      'cluster_size 1',
      '"live":true',
      '"health":true',
      'cluster_size 1',
      'null',
    ]);
    // From the first other one on all are Node's.
    assert.equal(requests.count, 3);
  });

  it('may send a request in pieces', async () => {
    await using server = await serveFakeSidecar();
    await using connection = await RawConnection.open(server.port);
    const text = plain('/healthz');
    connection.send(text + text.slice(0, 20));
    await connection.until(/true\}$/);
    connection.send(text.slice(20));
    assert.equal((await connection.until(/true\}[\s\S]*true\}$/)).match(/"health":true/g)?.length, 2);
  });

  it('that is cut by its client in the middle of an answer concerns no other', async () => {
    const sidecar = new FakeSidecar();
    const made = Promise.withResolvers<void>();
    sidecar.onMetrics = () => made.promise;
    await using server = await serveFakeSidecar({ sidecar });
    await using gone = await RawConnection.open(server.port);
    gone.send(plain('/metrics'));
    await eventually(() => (sidecar.scrapes === 1 ? true : undefined));
    gone.socket.resetAndDestroy();
    await using half = await RawConnection.open(server.port);
    half.socket.end(plain('/metrics'));
    made.resolve();
    await half.closed;
    assert.match(half.text, /^HTTP\/1.1 200 [\s\S]*cluster_size 1\n$/);
  });

  it('is not cut while its answer is made, however long that takes', async () => {
    const sidecar = new FakeSidecar();
    const made = Promise.withResolvers<void>();
    sidecar.onMetrics = () => made.promise;
    const bounds = { connectionsCheckingInterval: 20, headersTimeout: 100, keepAliveTimeout: 100 };
    await using server = await serveFakeSidecar({ sidecar, bounds });
    await using waiting = await RawConnection.open(server.port);
    waiting.send(plain('/metrics'));
    // A connection that began later and was cut since shows that the times are over.
    for (let round = 0; round < 3; round++) {
      await using later = await RawConnection.open(server.port);
      await later.closed;
      assert.equal(later.text, 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    }
    made.resolve();
    assert.match(await waiting.until(/1\n$/), /^HTTP\/1.1 200 /);
  });

  it('is answered and then ends when the server does', async () => {
    const sidecar = new FakeSidecar();
    const made = Promise.withResolvers<void>();
    sidecar.onMetrics = () => made.promise;
    await using server = await serveFakeSidecar({ sidecar });
    await using idle = await RawConnection.open(server.port);
    idle.send(plain('/healthz'));
    await idle.until(/\}$/);
    await using waiting = await RawConnection.open(server.port);
    waiting.send(plain('/metrics'));
    await eventually(() => (sidecar.scrapes === 1 ? true : undefined));
    const closed = server.server.close({ graceMs: 10_000 });
    await idle.closed;
    made.resolve();
    await waiting.closed;
    await closed;
    assert.match(waiting.text, /^HTTP\/1.1 200 [\s\S]*cluster_size 1\n$/);
  });

  it('is answered with 500 when the metrics cannot be made, and goes on', async () => {
    const sidecar = new FakeSidecar();
    sidecar.onMetrics = () => Promise.reject(new Error('no series'));
    await using server = await serveFakeSidecar({ sidecar });
    await using connection = await RawConnection.open(server.port);
    connection.send(plain('/metrics'));
    assert.match(await connection.until(/\r\n\r\n$/), /^HTTP\/1.1 500 /);
    connection.send(plain('/healthz'));
    await connection.until(/true\}$/);
  });

  it('gets metrics by its token alone', async () => {
    using dir = makeTempDir();
    const file = dir.join('tokens');
    writeFileSync(file, '0123456789abcdef\n', { mode: 0o600 });
    const tokens = await AuthTokens.open(file, { clock: systemClock, log: new RecordedLog() });
    await using server = await serveFakeSidecar({ tokens });
    using requests = countRequests();
    const asked = (headers: string) => answersTo(server, plain('/metrics', headers));
    assert.match(await asked('Authorization: Bearer 0123456789abcdef\r\n'), /^HTTP\/1.1 200 /);
    assert.equal(requests.count, 0);
    assert.match(await asked('Authorization: Bearer 0123456789abcdeX\r\n'), /^HTTP\/1.1 401 /);
    assert.match(await asked(''), /^HTTP\/1.1 401 /);
    assert.match(await answersTo(server, plain('/healthz')), /^HTTP\/1.1 200 /);
  });
});

describe('a client that does not take its metrics', () => {
  const size = 32 * 1024 * 1024;

  it('is cut in time', async () => {
    const clock = new FakeClock();
    const sidecar = new FakeSidecar();
    sidecar.series = `${'x'.repeat(size - 1)}\n`;
    await using server = await serveFakeSidecar({ sidecar, clock });
    await using lazy = await RawConnection.open(server.port);
    lazy.socket.pause();
    lazy.send(plain('/metrics'));
    await clock.untilSleeping(limits.answerTime.most * 1_000);
    await clock.advance(limits.answerTime.most * 1_000 - 1);
    assert.deepEqual(clock.waits, [1]);
    await clock.advance(1);
    lazy.socket.resume();
    await lazy.closed;
    assert.ok(lazy.text.length < size, `${lazy.text.length} bytes arrived`);
    assert.deepEqual(clock.waits, []);
  });

  it('gets the rest of them when the server ends, which waits for it', async () => {
    const clock = new FakeClock();
    const sidecar = new FakeSidecar();
    sidecar.series = `${'x'.repeat(size - 1)}\n`;
    await using server = await serveFakeSidecar({ sidecar, clock });
    await using lazy = await RawConnection.open(server.port);
    lazy.socket.pause();
    lazy.send(plain('/metrics'));
    await clock.untilSleeping(limits.answerTime.most * 1_000);
    const closed = server.server.close({ graceMs: 10_000 });
    lazy.socket.resume();
    await lazy.closed;
    await closed;
    assert.ok(lazy.text.length > size, `${lazy.text.length} bytes arrived`);
  });

  it('lets others get none while too much waits, and is cut no more once it has taken them', async () => {
    const clock = new FakeClock();
    const sidecar = new FakeSidecar();
    sidecar.series = `${'x'.repeat(size - 1)}\n`;
    await using server = await serveFakeSidecar({ sidecar, clock });
    await using stack = new AsyncDisposableStack();
    const lazy: RawConnection[] = [];
    for (let n = 1; n * size <= limits.unsentAnswers.most; n++) {
      const connection = stack.use(await RawConnection.open(server.port));
      lazy.push(connection);
      connection.socket.pause();
      connection.send(plain('/metrics'));
      await eventually(() => (clock.waits.length === n ? true : undefined));
    }
    assert.match(await answersTo(server, plain('/metrics') + plain('/healthz'), { count: 2 }), /^HTTP\/1.1 503 /);
    for (const connection of lazy) {
      connection.socket.resume();
    }
    await eventually(() => (clock.waits.length === 0 ? true : undefined));
    for (const connection of lazy) {
      await eventually(() =>
        connection.pieces.reduce((sum, { length }) => sum + length, 0) > size ? true : undefined,
      );
      connection.pieces.length = 0;
      connection.send(plain('/healthz'));
      await connection.until(/true\}$/);
    }
  });
});
