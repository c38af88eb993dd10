import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { holdFulls } from '../../support/server/hold-fulls.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { RawConnection, rawAnswer } from '../../support/server/raw-connection.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const quick = { connectionsCheckingInterval: 20 };

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const tls = () => ({ certificate: { certFile: certificates.server.cert, keyFile: certificates.server.key } });

async function answersStill({ port, sidecar }: Served): Promise<void> {
  assert.equal(sidecar.healthy, true);
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text(), '{"health":true}');
}

describe('a client that takes its answers', () => {
  it('costs the server no timer', async () => {
    let timers = 0;
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        timers += 1;
        return systemClock.sleep(ms, signal);
      },
    };
    await using server = await serveFakeSidecar({ clock });
    for (let asked = 0; asked < 20; asked++) {
      await answersStill(server);
      assert.equal((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status, 200);
    }
    assert.equal(timers, 0);
  });
});

describe('a client is refused', () => {
  it('with headers that are too long', async () => {
    await using server = await serveFakeSidecar();
    const long = 'x'.repeat(limits.requestHead.most);
    const answer = await rawAnswer(server.port, `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${long}\r\n\r\n`);
    assert.match(answer.head, /^HTTP\/1.1 431 /);
    const some = 'x'.repeat(limits.requestHead.most / 2);
    const fine = await rawAnswer(
      server.port,
      `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${some}\r\n\r\n`,
    );
    assert.equal(fine.body, '{"health":true}');
  });

  it('with a body that is too long, said or unsaid', async () => {
    await using server = await serveFakeSidecar();
    holdFulls(server.sidecar);
    const said = await rawAnswer(
      server.port,
      `POST /snapshot/full HTTP/1.1\r\nHost: x\r\nContent-Length: ${limits.requestBody.most + 1}\r\n\r\n`,
    );
    assert.match(said.head, /^HTTP\/1.1 413 /);
    assert.deepEqual(server.sidecar.fulls, []);
    await using connection = await RawConnection.open(server.port);
    connection.send('POST /snapshot/full HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent <= limits.requestBody.most; sent += 0x10000) {
      connection.send(chunk);
    }
    await connection.closed;
    assert.deepEqual(server.sidecar.fulls, [false]);
    await answersStill(server);
  });

  it('with two names of a host, and its connection ends', async () => {
    await using server = await serveFakeSidecar();
    for (const [path, other] of [
      ['/healthz', 'Host: y'],
      ['/healthz', 'host: x'],
      ['/snapshot/full', 'HOST: y'],
    ]) {
      const answer = await rawAnswer(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${other}\r\n\r\n`);
      assert.match(answer.head, /^HTTP\/1.1 400 /);
    }
    assert.deepEqual(server.sidecar.fulls, []);
    await answersStill(server);
  });
});

describe('a large answer', () => {
  it('is refused while others do not take theirs, and small ones are not', async () => {
    const sidecar = new FakeSidecar();
    sidecar.onConfig = () => Promise.resolve('x'.repeat(limits.unsentAnswers.most - 1024));
    await using server = await serveFakeSidecar({ sidecar });
    const at = `http://127.0.0.1:${server.port}`;
    await using lazy = await RawConnection.open(server.port);
    lazy.send('GET /config HTTP/1.1\r\nHost: x\r\n\r\n');
    await lazy.until(/HTTP/);
    lazy.socket.pause();
    sidecar.onConfig = () => Promise.resolve('x'.repeat(5_000));
    assert.equal((await fetch(`${at}/config`)).status, 503);
    await answersStill(server);
    sidecar.onConfig = () => Promise.resolve('name: a\n');
    assert.equal(await (await fetch(`${at}/config`)).text(), 'name: a\n');
    lazy.socket.destroy();
    sidecar.onConfig = () => Promise.resolve('x'.repeat(5_000));
    await eventually(async () => {
      const answer = await fetch(`${at}/config`);
      await answer.text();
      return answer.status === 200 ? true : undefined;
    });
  });
});

describe('a connection ends', () => {
  it('with headers that do not end, or do not begin', async () => {
    await using server = await serveFakeSidecar({ bounds: { ...quick, headersTimeout: 200 } });
    await using slow = await RawConnection.open(server.port);
    slow.send('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    await using silent = await RawConnection.open(server.port);
    await Promise.all([slow.closed, silent.closed]);
    assert.match(slow.text, /^HTTP\/1.1 408 /);
    await answersStill(server);
  });

  it('with a handshake that does not end', { timeout: 20_000 }, async () => {
    await using server = await serveFakeSidecar(tls());
    await using silent = await RawConnection.open(server.port);
    await silent.closed;
  });

  it('with a body that does not end', async () => {
    await using server = await serveFakeSidecar({ bounds: { ...quick, headersTimeout: 200, requestTimeout: 400 } });
    holdFulls(server.sidecar);
    await using slow = await RawConnection.open(server.port);
    slow.send('POST /snapshot/full HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello');
    await slow.closed;
    assert.deepEqual(server.sidecar.fulls, [false]);
    await answersStill(server);
  });

  it('with a body that does not end, as a stream of HTTP/2', async () => {
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ ...tls(), clock });
    holdFulls(server.sidecar);
    await using session = await http2Session(server.port);
    const slow = ask2(session, { ':method': 'POST', ':path': '/snapshot/full' }, { end: false });
    const refused = assert.rejects(slow, /the stream ended/);
    await clock.untilSleeping(limits.requestTime.most * 1_000);
    await clock.advance(limits.requestTime.most * 1_000);
    await refused;
    assert.equal((await ask2(session, { ':path': '/healthz' })).body, '{"health":true}');
  });

  it('of a client that does not take its answer', async () => {
    const clock = new FakeClock();
    const sidecar = new FakeSidecar();
    sidecar.onConfig = () => Promise.resolve('x'.repeat(32 * 1024 * 1024));
    await using server = await serveFakeSidecar({ sidecar, clock });
    await using lazy = await RawConnection.open(server.port);
    lazy.socket.pause();
    lazy.send('GET /config HTTP/1.1\r\nHost: x\r\n\r\n');
    await clock.untilSleeping(limits.answerTime.most * 1_000);
    await clock.advance(limits.answerTime.most * 1_000 - 1);
    assert.deepEqual(clock.waits, [1]);
    await clock.advance(1);
    lazy.socket.resume();
    await lazy.closed;
    assert.ok(lazy.text.length < 32 * 1024 * 1024, `${lazy.text.length} bytes arrived`);
    await answersStill(server);
  });

  it('of a client that asks for nothing more', async () => {
    await using server = await serveFakeSidecar({ bounds: { ...quick, keepAliveTimeout: 100 } });
    await using idle = await RawConnection.open(server.port);
    idle.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.closed;
    assert.match(idle.text, /\{"health":true\}$/);
    await using secure = await serveFakeSidecar({ ...tls(), bounds: { ...quick, keepAliveTimeout: 100 } });
    await using session = await http2Session(secure.port);
    await eventually(() => (session.closed ? true : undefined));
  });

  it('with more requests at once than there may be', async () => {
    await using server = await serveFakeSidecar();
    holdFulls(server.sidecar);
    await using greedy = await RawConnection.open(server.port);
    greedy.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(limits.requestsAtOnce.most + 1));
    await greedy.closed;
    assert.equal(server.sidecar.fulls.length, limits.requestsAtOnce.most);
    await answersStill(server);
  });

  it('not, but the stream, with more requests at once than there may be over HTTP/2', async () => {
    await using server = await serveFakeSidecar(tls());
    const { take } = holdFulls(server.sidecar);
    await using session = await http2Session(server.port);
    const path = { ':path': '/snapshot/full' };
    const all = Promise.allSettled(Array.from({ length: limits.requestsAtOnce.most + 1 }, () => ask2(session, path)));
    await eventually(() => (server.sidecar.fulls.length === limits.requestsAtOnce.most ? true : undefined));
    take();
    const outcomes = await all;
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    // A client that knows the limit in time waits instead.
    assert.ok(refused.length <= 1 && refused.every((reason) => /REFUSED_STREAM/.test(reason)), refused.join('\n'));
    assert.equal((await ask2(session, { ':path': '/healthz' })).body, '{"health":true}');
  });

  it('when there are more connections than there may be: an idle one, or the new one when none is idle', async () => {
    await using server = await serveFakeSidecar();
    const { take } = holdFulls(server.sidecar);
    await using everything = new AsyncDisposableStack();
    const open = async (): Promise<RawConnection> => everything.use(await RawConnection.open(server.port));
    const idle = await open();
    idle.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.until(/true\}$/);
    const busy: RawConnection[] = [];
    while (busy.length < limits.connections.most) {
      const connection = await open();
      connection.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
      busy.push(connection);
      await eventually(() => (server.sidecar.fulls.length === busy.length ? true : undefined), { intervalMs: 1 });
    }
    await idle.closed;
    const surplus = await open();
    await surplus.closed;
    take();
    await Promise.all(busy.map((connection) => connection.until(/"isFinal":false\}$/)));
    await answersStill(server);
  });
});

describe('a request that waits for a full', () => {
  it('is not cut, however long it takes', async () => {
    await using server = await serveFakeSidecar({
      bounds: { ...quick, headersTimeout: 100, requestTimeout: 200, keepAliveTimeout: 100 },
    });
    const { take } = holdFulls(server.sidecar);
    await using waiting = await RawConnection.open(server.port);
    waiting.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
    // A connection that began later and was cut since shows that the times are over.
    for (let round = 0; round < 3; round++) {
      await using later = await RawConnection.open(server.port);
      await later.closed;
    }
    take();
    assert.match(await waiting.until(/"isFinal":false\}$/), /^HTTP\/1.1 200 /);
  });
});
