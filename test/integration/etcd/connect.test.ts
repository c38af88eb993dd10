import assert from 'node:assert/strict';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import type { EtcdConnectionOptions } from '../../../src/etcd/cluster.ts';
import { connect, openConnection } from '../../../src/etcd/connect.ts';
import { EtcdFailure, type EtcdFailureCode } from '../../../src/etcd/etcd-failure.ts';
import { revision } from '../../../src/revision.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { connected, connectionTo } from '../../support/etcd/connected.ts';
import { startFakeEtcd } from '../../support/etcd/fake-etcd.ts';
import { startSilentServer } from '../../support/servers/silent-server.ts';

/** Connects and expects to be refused with `code` and a message that matches all of `patterns`. */
async function refused(
  endpoints: readonly string[],
  options: Partial<EtcdConnectionOptions>,
  code: EtcdFailureCode,
  ...patterns: readonly RegExp[]
): Promise<void> {
  await assert.rejects(
    async () => {
      await using _cluster = await connected(endpoints, options);
    },
    (error) => {
      assert.ok(error instanceof EtcdFailure, `${error}`);
      assert.equal(error.code, code, error.message);
      for (const pattern of patterns) {
        assert.match(error.message, pattern);
      }
      return true;
    },
  );
}

async function version(endpoints: readonly string[], options: Partial<EtcdConnectionOptions>): Promise<string> {
  await using connection = await connected(endpoints, options);
  return (await connection.cluster.status({ signal: connection.signal })).version;
}

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(() => certificates[Symbol.asyncDispose]());

test('a member that takes connections and says nothing keeps no call and no stream waiting when there is another one', async () => {
  await using silent = await startSilentServer();
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const log = new RecordedLog();
  const { signal } = new AbortController();
  // Connecting has ten seconds.
  const clock = { ...systemClock, sleep: (ms: number, ends?: AbortSignal) => systemClock.sleep(ms / 20, ends) };
  const options = connectionTo([silent.url, etcd.clientUrl], {
    connectionTimeoutMs: 600_000,
    snapshotTimeoutMs: 900_000,
  });
  for (const ask of ['status', 'snapshot', 'watch'] as const) {
    await using connection = await openConnection(options, { clock, log });
    const { cluster } = connection;
    if (ask === 'status') {
      assert.equal((await cluster.status({ signal })).endpoint, etcd.clientUrl);
    } else if (ask === 'snapshot') {
      const sizes: string[] = [];
      for await (const _ of cluster.snapshot({ signal, onSize: (_bytes, endpoint) => sizes.push(endpoint) }));
      assert.deepEqual(sizes, [etcd.clientUrl]);
    } else {
      const watching = new AbortController();
      const put = etcd.etcdctl('put', 'some', 'thing');
      for await (const { events } of cluster.watch({ from: revision(2), signal: watching.signal })) {
        if (events.length > 0) {
          watching.abort();
        }
      }
      await put;
    }
  }
});

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('over plain HTTP, with and without a scheme', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      assert.equal(await version([etcd.clientUrl], {}), etcd.release.version);
      assert.equal(await version([etcd.clientUrl.replace('http://', '')], {}), etcd.release.version);
      await refused(
        [etcd.clientUrl.replace('http://', 'https://')],
        {},
        'etcd_tls',
        /speaks no TLS/,
        /http:\/\/ in --endpoints/,
      );
    });

    describe('over TLS', () => {
      let etcd: EtcdServer;
      before(async () => {
        const { server, ca } = certificates;
        etcd = await startEtcd({ release: await etcdRelease(line), tls: { server, ca } });
      });
      after(() => etcd[Symbol.asyncDispose]());

      test('by address, by name, and without a scheme when a CA is given', async () => {
        const caFile = certificates.ca;
        const byName = etcd.clientUrl.replace('127.0.0.1', 'localhost');
        assert.equal(await version([etcd.clientUrl], { caFile }), etcd.release.version);
        assert.equal(await version([byName], { caFile }), etcd.release.version);
        assert.equal(await version([byName.replace('https://', '')], { caFile }), etcd.release.version);
      });

      test('with an unknown authority: refused, except without verification', async () => {
        await refused([etcd.clientUrl], {}, 'etcd_tls', /not signed by an authority this machine trusts/, /--cacert/);
        const wrong = { caFile: certificates.foreign.ca };
        await refused([etcd.clientUrl], wrong, 'etcd_tls', /not signed by the authority in --cacert/);
        assert.equal(await version([etcd.clientUrl], { insecureSkipVerify: true }), etcd.release.version);
      });

      test('called without TLS: refused, with the advice to write https', async () => {
        const plain = etcd.clientUrl.replace('https://', 'http://');
        await refused([plain], {}, 'etcd_tls', /it speaks TLS/, /https:\/\/ in --endpoints/);
      });
    });

    test('with a certificate for other names and addresses: refused by address and by name', async () => {
      const { ca, wrongName } = certificates;
      await using etcd = await startEtcd({ release: await etcdRelease(line), tls: { server: wrongName, ca } });
      await refused([etcd.clientUrl], { caFile: ca }, 'etcd_tls', /is not for 127\.0\.0\.1/, /192\.0\.2\.1/);
      const byName = etcd.clientUrl.replace('127.0.0.1', 'localhost');
      await refused([byName], { caFile: ca }, 'etcd_tls', /is not for localhost/, /elsewhere\.invalid/);
      assert.equal(await version([etcd.clientUrl], { insecureSkipVerify: true }), etcd.release.version);
    });

    test('with an expired certificate: refused', async () => {
      const { ca, expired } = certificates;
      await using etcd = await startEtcd({ release: await etcdRelease(line), tls: { server: expired, ca } });
      await refused([etcd.clientUrl], { caFile: ca }, 'etcd_tls', /certificate has expired/);
    });

    test('that wants client certificates: refused without and with a foreign one, accepted with ours', async () => {
      const { ca, server, client, foreign, expired } = certificates;
      await using etcd = await startEtcd({ release: await etcdRelease(line), tls: { server, ca, client } });
      const ours = { caFile: ca, certFile: client.cert, keyFile: client.key };
      assert.equal(await version([etcd.clientUrl], ours), etcd.release.version);
      await refused(
        [etcd.clientUrl],
        { caFile: ca },
        'etcd_tls',
        /wants a client certificate .* showed none/,
        /--cert/,
      );
      const theirs = { caFile: ca, certFile: foreign.cert, keyFile: foreign.key };
      const refusal = /it (refused our certificate|does not know the authority that signed our certificate) in --cert/;
      await refused([etcd.clientUrl], theirs, 'etcd_tls', refusal, /--trusted-ca-file/);
      const old = { caFile: ca, certFile: expired.cert, keyFile: expired.key };
      await refused([etcd.clientUrl], old, 'etcd_tls', /our certificate in --cert has expired at \d{4}-/, /renew/);
    });

    test('with users: refused with a wrong password and without one, renews a login that ran out', async () => {
      const release = await etcdRelease(line);
      await using etcd = await startEtcd({ release, rootPassword: 'secret-of-root' });
      await refused(
        [etcd.clientUrl],
        { username: 'root', password: 'wrong-secret' },
        'etcd_auth',
        /user or password is wrong/,
        /^((?!wrong-secret).)*$/,
      );
      await assert.rejects(
        async () => {
          // Releases of 2026 refuse this already, older ones the snapshot.
          await using anonymous = await connected([etcd.clientUrl]);
          for await (const _ of anonymous.cluster.snapshot({ signal: anonymous.signal })) {
            assert.fail('a snapshot without login');
          }
        },
        (error) => error instanceof EtcdFailure && error.code === 'etcd_auth' && /--etcd-username/.test(error.message),
      );
      await using connection = await connected([etcd.clientUrl], { username: 'root', password: 'secret-of-root' });
      await readAll(connection);
      // A change of users makes every login so far invalid, and a restart forgets them.
      await etcd.etcdctl('user', 'add', 'someone:else');
      await readAll(connection);
      await etcd.kill9();
      await etcd.restart();
      await readAll(connection);
    });
  });
}

async function readAll({ cluster, signal }: Awaited<ReturnType<typeof connected>>): Promise<void> {
  let bytes = 0;
  for await (const chunk of cluster.snapshot({ signal })) {
    bytes += chunk.length;
  }
  assert.equal(bytes % 512, 32);
}

test('a port without a server: refused with endpoint and remedy', async () => {
  const port = await freePort();
  await refused(
    [`http://127.0.0.1:${port}`],
    {},
    'etcd_unreachable',
    new RegExp(`127\\.0\\.0\\.1:${port}: connection refused`),
    /--endpoints/,
  );
});

test('a name without address: refused', async () => {
  await refused(['http://no-such-host.invalid:2379'], {}, 'etcd_unreachable', /no-such-host\.invalid has no address/);
});

test('a server that accepts and says nothing: refused at the deadline', async () => {
  await using mute = await listen(() => {});
  const started = performance.now();
  await refused([mute.url], { connectionTimeoutMs: 500 }, 'etcd_timeout', /no answer in time/);
  assert.ok(performance.now() - started < 8_000);
});

for (const [protocol, greeting] of [
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
] as const) {
  test(`a server of another protocol: refused, and said to be one: ${protocol}`, async () => {
    await using other = await listen((socket) => socket.on('error', () => undefined).end(greeting));
    await refused(
      [other.url],
      {},
      'etcd_unreachable',
      new RegExp(`${other.url}: what answers there speaks no HTTP/2, and so is no etcd; give the client port`),
    );
  });
}

test('the next endpoint is taken when the first does not answer', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const dead = `http://127.0.0.1:${await freePort()}`;
  assert.equal(await version([dead, etcd.clientUrl], {}), etcd.release.version);
  assert.equal(
    await version([dead], { serviceEndpoints: [etcd.clientUrl] }),
    etcd.release.version,
    'service endpoints are asked',
  );
});

for (const status of [401, 403, 404, 405, 429, 500, 503] as const) {
  test(`an endpoint that answers HTTP ${status} is passed over with a warning, wherever it is in the list`, async () => {
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    await using odd = await oddServer(status);
    for (const endpoints of [
      [odd.url, etcd.clientUrl],
      [etcd.clientUrl, odd.url],
    ]) {
      await using connection = await connected(endpoints);
      assert.equal((await connection.cluster.status({ signal: connection.signal })).endpoint, etcd.clientUrl);
      assert.equal(
        connection.log.count(new RegExp(`^Passing over ${odd.url}: cannot`)),
        1,
        connection.log.texts.join(),
      );
    }
  });
}

test('an endpoint whose answers are no answers of an etcd is passed over', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await using odd = await startFakeEtcd({ status: {} });
  await using connection = await connected([odd.url, etcd.clientUrl]);
  assert.equal((await connection.cluster.status({ signal: connection.signal })).endpoint, etcd.clientUrl);
  assert.equal(connection.log.count(/^Passing over .*its answer is not that of an etcd/), 1);
});

test('dead endpoints are named once, also when another one was asked first', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const dead = `http://127.0.0.1:${await freePort()}`;
  await using connection = await connected([etcd.clientUrl, dead]);
  for (let asked = 0; asked < 3; asked++) {
    await connection.cluster.status({ signal: connection.signal });
  }
  assert.equal(connection.log.count(new RegExp(`^Passing over ${dead}: .*connection refused`)), 1);
});

test('endpoints of different clusters are refused, with each id and its endpoints', async () => {
  const release = await etcdRelease('3.5');
  await using one = await startEtcd({ release });
  await using other = await startEtcd({ release });
  const patterns = [
    new RegExp(`${one.clientUrl} belongs to cluster [0-9a-f]+, ${other.clientUrl} to cluster [0-9a-f]+`),
    /of one cluster/,
  ];
  await refused([one.clientUrl, other.clientUrl], {}, 'etcd_options', ...patterns);
  await refused([one.clientUrl], { serviceEndpoints: [other.clientUrl] }, 'etcd_options', /different clusters/);
});

test('all endpoints down: each is named', async () => {
  const [one, two] = [await freePort(), await freePort()];
  await refused(
    [`http://127.0.0.1:${one}`, `http://127.0.0.1:${two}`],
    {},
    'etcd_unreachable',
    new RegExp(`127\\.0\\.0\\.1:${one}: .*127\\.0\\.0\\.1:${two}: `),
  );
});

const badFiles: readonly [string, Partial<EtcdConnectionOptions>, RegExp][] = [
  [
    'a CA file that is not there',
    { caFile: '/nonexistent/ca.crt' },
    /ca\.crt: there is no such file or directory; check --cacert/,
  ],
  ['a directory as CA file', { caFile: '/' }, /: it is a directory, not a file; check --cacert/],
  ['a CA file that holds no certificate', { caFile: '/etc/hostname' }, /no PEM block; check --cacert/],
  ['a certificate without key', { certFile: '/etc/hostname' }, /only --cert is given/],
  ['a key without certificate', { keyFile: '/etc/hostname' }, /only --key is given/],
];
for (const [what, options, pattern] of badFiles) {
  test(`${what}: refused before anything is sent`, async () => {
    await refused(['https://127.0.0.1:1'], options, 'etcd_options', pattern);
  });
}

test('an abort during the attempt ends it at once with its reason', async () => {
  await using mute = await listen(() => {});
  const reason = new Error('stopped');
  const controller = new AbortController();
  const attempt = connect(connectionTo([mute.url]), {
    signal: controller.signal,
    clock: systemClock,
    log: new RecordedLog(),
  });
  setImmediate(() => controller.abort(reason));
  await assert.rejects(attempt, (error) => error === reason);
});

/** An HTTP/2 server that answers every request with `status`, as a gateway in front of another service does. */
async function oddServer(status: number): Promise<Listening> {
  const server = createHttp2Server((_request, response) => {
    response.writeHead(status);
    response.end();
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) {
        session.destroy();
      }
      await new Promise((done) => server.close(done));
    },
  };
}

interface Listening extends AsyncDisposable {
  readonly url: string;
}

async function listen(serve: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((done) => server.close(done));
    },
  };
}
