import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { HttpServerOptions } from '../../../src/server/http/http-server.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { holdFulls, storedFull } from '../../support/server/hold-fulls.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { RawConnection, rawAnswer } from '../../support/server/raw-connection.ts';
import { scriptedLeader } from '../../support/server/scripted-leader.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

/** A sidecar at 127.0.0.1 that forwards to `url`, at the same port as the leader. */
async function follower(
  port: number,
  url: string | undefined,
  options: Partial<HttpServerOptions> & { readonly clock?: Clock } = {},
): Promise<Served> {
  const sidecar = new FakeSidecar();
  sidecar.healthy = false;
  sidecar.access = 'forwards';
  sidecar.onLeader = () => Promise.resolve(url);
  return await serveFakeSidecar({ ...options, sidecar, port });
}

const leaderUrl = 'http://127.0.0.2:2379';

async function status(port: number, path = '/snapshot/full'): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const text = await response.text();
  assert.ok(response.status === 200 || text === '', text);
  return response.status;
}

describe('a follower', () => {
  it('forwards method, path, query, body and host, and says for whom', async () => {
    await using leader = await scriptedLeader();
    await using ours = await follower(leader.port, leaderUrl);
    const answer = await rawAnswer(
      ours.port,
      'POST /snapshot/delta?x=%41&y HTTP/1.1\r\nHost: etcd-main-client.ns:8080\r\nX-Forwarded-For: 10.0.0.9\r\n' +
        'X-Own: 1\r\nX-Hop: 2\r\nConnection: close, x-hop\r\nUser-Agent: druid\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '5\r\nhello\r\n0\r\n\r\n',
    );
    assert.match(answer.head, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(answer.head, /content-type: text\/plain; charset=utf-8/i);
    assert.equal(answer.body, 'null');
    const [seen] = leader.seen;
    assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/snapshot/delta?x=%41&y', 'hello']);
    const {
      host,
      'x-forwarded-for': forwardedFor,
      'x-own': own,
      'x-hop': hop,
      'user-agent': agent,
    } = seen?.headers ?? {};
    assert.deepEqual(
      { host, forwardedFor, own, hop, agent, mark: seen?.headers['etcdbrctl-forwarded'] },
      {
        host: 'etcd-main-client.ns:8080',
        forwardedFor: '10.0.0.9, 127.0.0.1',
        own: '1',
        hop: undefined,
        agent: 'druid',
        mark: '1',
      },
    );
  });

  it('forwards every path of snapshots, and requests without a body as such', async () => {
    await using leader = await scriptedLeader();
    await using ours = await follower(leader.port, leaderUrl);
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      for (const path of ['/snapshot/full?final=true', '/snapshot/delta', '/snapshot/latest']) {
        const response = await fetch(`http://127.0.0.1:${ours.port}${path}`, { method });
        assert.equal(await response.text(), method === 'HEAD' ? '' : 'null');
        const seen = leader.seen.at(-1);
        assert.deepEqual([seen?.method, seen?.url, seen?.body], [method, path, '']);
        assert.equal(seen?.headers['transfer-encoding'], undefined);
      }
    }
  });

  it('hands back what the leader answers, also when it refuses or fails', async () => {
    await using leader = await scriptedLeader();
    await using ours = await follower(leader.port, leaderUrl);
    for (const code of [400, 405, 500]) {
      leader.snapshot = (_, response) => {
        response.writeHead(code, { 'etcdbrctl-failure': 'snapshotter_ended' }).end();
      };
      const response = await fetch(`http://127.0.0.1:${ours.port}/snapshot/full`);
      assert.deepEqual([response.status, response.headers.get('etcdbrctl-failure')], [code, 'snapshotter_ended']);
    }
  });

  it('answers 405 for a leader that is unknown, has no port, is no address, or is away', async () => {
    await using leader = await scriptedLeader();
    for (const url of [
      undefined,
      'http://127.0.0.2',
      'unix:///x:1',
      'http://127.0.0.3:2379',
      'http://no.invalid:2379',
    ]) {
      await using ours = await follower(leader.port, url);
      assert.equal(await status(ours.port), 405, url);
    }
    await using ours = await follower(leader.port, leaderUrl);
    ours.sidecar.onLeader = () => Promise.reject(new Error('etcd is away'));
    assert.equal(await status(ours.port), 405);
    assert.match(ours.log.texts.join('\n'), /Answering \/snapshot\/full with 405: no leader was reached: etcd is away/);
    assert.deepEqual(leader.seen, []);
  });

  const unhealthy: readonly (readonly [string, RequestListener])[] = [
    ['says that it is not', (_, response) => void response.writeHead(503).end('{"health":false}')],
    ['says something else', (_, response) => void response.end('{"health":"true"}')],
    ['says no JSON', (_, response) => void response.end('<html>')],
    ['says too much', (_, response) => void response.end(`{"health":true}${' '.repeat(100_000)}`)],
    ['says nothing', (_, response) => void response.end()],
    ['hangs up', (request) => void request.socket.destroy()],
  ];
  for (const [what, health] of unhealthy) {
    it(`answers 405 when the leader, asked whether it is healthy, ${what}`, async () => {
      await using leader = await scriptedLeader();
      leader.health = health;
      await using ours = await follower(leader.port, leaderUrl);
      assert.equal(await status(ours.port), 405);
      assert.deepEqual(leader.seen, []);
    });
  }

  it('answers 405 in time when the leader does not say whether it is healthy', async () => {
    await using leader = await scriptedLeader();
    const asked = Promise.withResolvers<void>();
    leader.health = () => asked.resolve();
    const clock = new FakeClock();
    await using ours = await follower(leader.port, leaderUrl, { clock });
    const answer = status(ours.port);
    await asked.promise;
    await clock.advance(10_000);
    assert.equal(await answer, 405);
  });

  it('answers 405 in time when etcd does not say who leads', async () => {
    await using leader = await scriptedLeader();
    const clock = new FakeClock();
    await using ours = await follower(leader.port, leaderUrl, { clock });
    const asked = Promise.withResolvers<void>();
    ours.sidecar.onLeader = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const answer = status(ours.port);
    await asked.promise;
    await clock.advance(10_000);
    assert.equal(await answer, 405);
  });

  it('answers 502 when a healthy leader breaks off', async () => {
    await using leader = await scriptedLeader();
    leader.snapshot = (request) => void request.socket.destroy();
    await using ours = await follower(leader.port, leaderUrl);
    assert.equal(await status(ours.port), 502);
    assert.match(ours.log.texts.join('\n'), /with 502: the leader at 127\.0\.0\.2:\d+ fails/);
  });

  for (const [what, head] of [
    ['speaks another protocol from then on', '101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x'],
    ['gives a status that is none', '042 Huh\r\nContent-Length: 0'],
    ['answers with what is no HTTP', 'SSH'],
  ] as const) {
    it(`answers 502 when a healthy leader ${what}`, { timeout: 10_000 }, async () => {
      await using leader = await scriptedLeader();
      leader.snapshot = (_, response) => response.socket?.end(`HTTP/1.1 ${head}\r\n\r\n`);
      await using ours = await follower(leader.port, leaderUrl);
      assert.equal(await status(ours.port), 502);
    });
  }

  it('does not pass half an answer off as a whole one', async () => {
    await using leader = await scriptedLeader();
    leader.snapshot = (request, response) => {
      response.write('{"fullSnapshot":');
      setImmediate(() => request.socket.destroy());
    };
    await using ours = await follower(leader.port, leaderUrl);
    await assert.rejects(async () => {
      const response = await fetch(`http://127.0.0.1:${ours.port}/snapshot/latest`);
      await response.text();
    });
    assert.equal((await fetch(`http://127.0.0.1:${ours.port}/livez`)).status, 200);
  });

  it('ends the answer of a leader that breaks off without ending its connection', { timeout: 10_000 }, async () => {
    const clock = new FakeClock();
    await using leader = await scriptedLeader();
    leader.snapshot = (_, response) => {
      response.write('{"fullSnapshot":');
    };
    await using ours = await follower(leader.port, leaderUrl, { clock });
    const response = await fetch(`http://127.0.0.1:${ours.port}/snapshot/latest`);
    const cut = assert.rejects(response.text());
    await clock.untilSleeping(30_000);
    await clock.advance(30_000);
    await cut;
  });

  it('ends its request to the leader when the client goes away', async () => {
    await using leader = await scriptedLeader();
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    leader.snapshot = (request) => {
      request.socket.once('close', () => ended.resolve());
      asked.resolve();
    };
    await using ours = await follower(leader.port, leaderUrl);
    await using client = await RawConnection.open(ours.port);
    client.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked.promise;
    client.socket.destroy();
    await ended.promise;
  });

  it('waits for the leader as long as its full takes', async () => {
    await using leader = await serveFakeSidecar({ address: '127.0.0.2' });
    const { take } = holdFulls(leader.sidecar);
    const clock = new FakeClock();
    await using ours = await follower(leader.port, leaderUrl, { clock });
    const answer = fetch(`http://127.0.0.1:${ours.port}/snapshot/full?final=1`);
    await eventually(() => (leader.sidecar.fulls.length === 1 ? true : undefined));
    await clock.advance(20 * 60_000);
    take();
    assert.equal((await answer).status, 200);
    assert.deepEqual(leader.sidecar.fulls, [true]);
  });

  it('never forwards what was forwarded already, so that two cannot send it round', async () => {
    const other = new FakeSidecar();
    other.access = 'forwards';
    other.onLeader = () => Promise.resolve('http://127.0.0.1:2379');
    await using wrong = await serveFakeSidecar({ sidecar: other, address: '127.0.0.2' });
    await using ours = await follower(wrong.port, leaderUrl);
    let asked = 0;
    other.onLeader = () => {
      asked += 1;
      return Promise.resolve('http://127.0.0.1:2379');
    };
    ours.sidecar.healthy = true;
    assert.equal(await status(ours.port), 405);
    assert.equal(asked, 0);
    assert.match(wrong.log.texts.join('\n'), /a sidecar forwarded it here, but this member does not lead/);
  });

  it('leaves an early body alone until the leader is found', async () => {
    await using leader = await scriptedLeader();
    const found = Promise.withResolvers<string>();
    await using ours = await follower(leader.port, leaderUrl);
    ours.sidecar.onLeader = () => found.promise;
    const body = 'x'.repeat(200_000);
    const answer = fetch(`http://127.0.0.1:${ours.port}/snapshot/full`, { method: 'POST', body });
    setImmediate(() => found.resolve(leaderUrl));
    assert.equal((await answer).status, 200);
    assert.equal(leader.seen[0]?.body.length, body.length);
  });
});

describe('a follower with TLS', () => {
  const certificate = () => ({ certFile: certificates.server.cert, keyFile: certificates.server.key });

  async function securePair(options: { readonly caFile: string; readonly url?: string }) {
    const leader = await serveFakeSidecar({ address: '::1', certificate: certificate() });
    leader.sidecar.onFull = () => Promise.resolve(storedFull);
    const ours = await follower(leader.port, options.url ?? 'http://[::1]:2379', {
      certificate: certificate(),
      caFile: options.caFile,
    });
    const stack = new AsyncDisposableStack();
    stack.use(leader);
    stack.use(ours);
    return { leader, ours, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  it('takes the scheme from its own TLS, whatever that of etcd is, and trusts the authority it is given', async () => {
    await using pair = await securePair({ caFile: certificates.ca });
    await using session = await http2Session(pair.ours.port);
    const answer = await ask2(session, {
      ':path': '/snapshot/full',
      ':method': 'POST',
      ':authority': 'etcd-main-client:8080',
    });
    assert.equal(Number(answer.headers[':status']), 200);
    assert.match(answer.body, /^\{"createdOn":/);
    assert.equal(pair.leader.sidecar.fulls.length, 1);
  });

  it('trusts nobody else', async () => {
    await using pair = await securePair({ caFile: certificates.foreign.ca });
    await using session = await http2Session(pair.ours.port);
    assert.equal(Number((await ask2(session, { ':path': '/snapshot/full' })).headers[':status']), 405);
    assert.equal(pair.leader.sidecar.fulls.length, 0);
  });

  it('answers 405 when the file of the authority cannot be read', async () => {
    await using pair = await securePair({ caFile: '/nothing' });
    await using session = await http2Session(pair.ours.port);
    assert.equal(Number((await ask2(session, { ':path': '/snapshot/full' })).headers[':status']), 405);
  });

  it('reaches a leader by name, which its certificate has to carry', async () => {
    await using pair = await securePair({ caFile: certificates.ca, url: 'https://localhost:2379' });
    await using session = await http2Session(pair.ours.port);
    const answer = await ask2(session, { ':path': '/snapshot/full' });
    // localhost may be the follower itself: then the mark ends the matter.
    assert.ok([200, 405].includes(Number(answer.headers[':status'])));
  });
});

describe('a leader', () => {
  it('serves what a sidecar of the Go program forwards', async () => {
    await using leader = await serveFakeSidecar();
    leader.sidecar.onFull = () => Promise.resolve(storedFull);
    const answer = await rawAnswer(
      leader.port,
      'POST /snapshot/full?final=true HTTP/1.1\r\nHost: etcd-main-client.ns:8080\r\nUser-Agent: Go-http-client/1.1\r\n' +
        'Content-Length: 0\r\nX-Forwarded-For: 10.1.1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n',
    );
    assert.match(answer.body, /^\{"createdOn":.*"isFinal":false\}$/);
  });
});
