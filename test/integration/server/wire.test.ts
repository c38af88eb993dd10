import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { holdFulls } from '../../support/server/hold-fulls.ts';
import { RawConnection, rawAnswer } from '../../support/server/raw-connection.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const full: StoredSnapshot = {
  ...snapshotNamed('Full-00000000-00000058-1795251532.gz'),
  key: 'etcd-main/v2/Full-00000000-00000058-1795251532.gz',
  size: 100,
};
const delta: StoredSnapshot = {
  ...snapshotNamed('Incr-00000059-00000061-1795251540.gz'),
  key: 'etcd-main/v2/Incr-00000059-00000061-1795251540.gz',
  size: 10,
};

const fullText = (prefix: string): string =>
  `{"createdOn":"2026-11-21T08:58:52Z","immutabilityExpriyTime":"0001-01-01T00:00:00Z","versionID":null,"kind":"Full",` +
  `"snapDir":"","snapName":"Full-00000000-00000058-1795251532.gz","prefix":"${prefix}","compressionSuffix":".gz",` +
  `"startRevision":0,"lastRevision":58,"isChunk":false,"isFinal":false}`;
const deltaText = (prefix: string): string =>
  `{"createdOn":"2026-11-21T08:59:00Z","immutabilityExpriyTime":"0001-01-01T00:00:00Z","versionID":null,"kind":"Incr",` +
  `"snapDir":"","snapName":"Incr-00000059-00000061-1795251540.gz","prefix":"${prefix}","compressionSuffix":".gz",` +
  `"startRevision":59,"lastRevision":61,"isChunk":false,"isFinal":false}`;

interface Case {
  readonly title: string;
  readonly path: string;
  readonly prepare?: (sidecar: FakeSidecar) => void;
  readonly status: number;
  readonly type?: string;
  readonly body: string;
  readonly headers?: readonly string[];
}

const json = 'application/json';
const text = 'text/plain; charset=utf-8';
const cases: readonly Case[] = [
  { title: 'health', path: '/healthz', status: 200, type: json, body: '{"health":true}' },
  {
    title: 'bad health',
    path: '/healthz',
    prepare: (sidecar) => {
      sidecar.healthy = false;
    },
    status: 503,
    type: json,
    body: '{"health":false}',
  },
  { title: 'liveness', path: '/livez', status: 200, type: json, body: '{"live":true}' },
  { title: 'readiness of a leader', path: '/readyz', status: 200, type: json, body: '{"ready":true}' },
  {
    title: 'readiness of a follower that knows its leader',
    path: '/readyz',
    prepare: (sidecar) => {
      sidecar.healthy = false;
      sidecar.access = 'forwards';
      sidecar.onLeader = () => Promise.resolve('http://etcd-0:2379');
    },
    status: 200,
    type: json,
    body: '{"ready":true}',
  },
  {
    title: 'readiness without a leader',
    path: '/readyz',
    prepare: (sidecar) => {
      sidecar.access = 'forwards';
    },
    status: 503,
    type: json,
    body: '{"ready":false}',
  },
  { title: 'a start', path: '/initialization/start?mode=sanity', status: 200, body: '' },
  ...(['New', 'Progress', 'Successful', 'Failed'] as const).map((word) => ({
    title: `the word ${word}`,
    path: '/initialization/status',
    prepare: (sidecar: FakeSidecar) => {
      sidecar.word = word;
    },
    status: 200,
    type: text,
    body: word,
  })),
  {
    title: 'a full',
    path: '/snapshot/full?final=T',
    prepare: (sidecar) => {
      sidecar.onFull = () => Promise.resolve(full);
    },
    status: 200,
    type: json,
    body: fullText(''),
  },
  { title: 'a final that is no boolean', path: '/snapshot/full?final=yes', status: 400, body: '' },
  {
    title: 'a full that fails',
    path: '/snapshot/full',
    prepare: (sidecar) => {
      sidecar.onFull = () =>
        Promise.reject(
          new Failure({ code: 'snapshotter_ended', action: 'take', object: 'a full', found: 'it has ended' }),
        );
    },
    status: 500,
    body: '',
    headers: ['etcdbrctl-failure: snapshotter_ended'],
  },
  {
    title: 'a full without a store',
    path: '/snapshot/full',
    prepare: (sidecar) => {
      sidecar.access = 'no store';
    },
    status: 405,
    body: '',
  },
  {
    title: 'a full without a leader',
    path: '/snapshot/full',
    prepare: (sidecar) => {
      sidecar.access = 'forwards';
    },
    status: 405,
    body: '',
  },
  { title: 'a delta of nothing', path: '/snapshot/delta', status: 200, type: json, body: 'null' },
  {
    title: 'a delta',
    path: '/snapshot/delta',
    prepare: (sidecar) => {
      sidecar.onDelta = () => Promise.resolve(delta);
    },
    status: 200,
    type: json,
    body: deltaText(''),
  },
  {
    title: 'the latest of an empty store',
    path: '/snapshot/latest',
    status: 200,
    type: json,
    body: '{"fullSnapshot":null,"deltaSnapshots":null}',
  },
  {
    title: 'the latest',
    path: '/snapshot/latest',
    prepare: (sidecar) => {
      sidecar.onLatest = () => Promise.resolve({ full, deltas: [delta] });
    },
    status: 200,
    type: json,
    body: `{"fullSnapshot":${fullText('etcd-main/v2/')},"deltaSnapshots":[${deltaText('etcd-main/v2/')}]}`,
  },
  {
    title: 'the configuration',
    path: '/config',
    status: 200,
    type: text,
    body: 'name: etcd-main-0\n',
    headers: ['cache-control: no-store'],
  },
  {
    title: 'a configuration that cannot be made',
    path: '/config',
    prepare: (sidecar) => {
      sidecar.onConfig = () => Promise.reject(new Error('cannot read it'));
    },
    status: 500,
    type: text,
    body: 'cannot read it\n',
  },
  {
    title: 'metrics',
    path: '/metrics',
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: '# TYPE etcdbr_cluster_size gauge\netcdbr_cluster_size 1\n',
  },
  ...[
    '/healthz/',
    '//healthz',
    '/HEALTHZ',
    '/a/../healthz',
    '/debug/pprof/',
    '/debug/pprof/heap',
    '/snapshot',
    '/%',
  ].map((path) => ({ title: `nothing at ${path}`, path, status: 404, type: text, body: '404 page not found\n' })),
];

describe('an answer', () => {
  for (const { title, path, prepare, status, type, body, headers = [] } of cases) {
    it(`is right, byte for byte, and in one piece: ${title}`, async () => {
      await using server = await serveFakeSidecar();
      prepare?.(server.sidecar);
      const answer = await rawAnswer(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const lines = answer.head.toLowerCase().split('\r\n');
      assert.equal(answer.body, body);
      assert.match(answer.head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.ok(lines.includes(`content-length: ${body.length}`), answer.head);
      assert.equal(lines.find((line) => line.startsWith('content-type:'))?.slice(14), type);
      for (const header of headers) {
        assert.ok(lines.includes(header), answer.head);
      }
      assert.ok(!/strict-transport-security|content-security-policy/i.test(answer.head), answer.head);
      assert.equal(answer.pieces, 1);
    });
  }

  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']) {
    it(`is the same for ${method}`, async () => {
      await using server = await serveFakeSidecar();
      const answer = await rawAnswer(
        server.port,
        `${method} /snapshot/delta HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      assert.match(answer.head, /^HTTP\/1.1 200 /);
      assert.equal(answer.body, 'null');
      assert.equal(server.sidecar.deltas, 1);
    });
  }

  it('has no body for HEAD, and the length that it would have', async () => {
    await using server = await serveFakeSidecar();
    const answer = await rawAnswer(server.port, 'HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer.head, /Content-Length: 15/i);
    assert.equal(answer.body, '');
  });

  it('is given to HTTP/1.0, absolute targets and percent-encoded paths', async () => {
    await using server = await serveFakeSidecar();
    for (const target of [
      'GET /healthz HTTP/1.0',
      'GET http://elsewhere:1/healthz HTTP/1.0',
      'GET /health%7a HTTP/1.0',
    ]) {
      const answer = await rawAnswer(server.port, `${target}\r\n\r\n`);
      assert.equal(answer.body, '{"health":true}', target);
    }
  });

  it('comes to a request with a body, which is not looked at', async () => {
    await using server = await serveFakeSidecar();
    const head = 'POST /snapshot/delta HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const plain = await rawAnswer(server.port, `${head}Content-Type: a/b\r\nContent-Length: 5\r\n\r\nhello`);
    const chunked = await rawAnswer(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
    assert.deepEqual([plain.body, chunked.body], ['null', 'null']);
  });

  it('ends the connection of those who ask for a tunnel, also when they reset it', async () => {
    await using server = await serveFakeSidecar();
    const target = 'CONNECT elsewhere:1 HTTP/1.1\r\nHost: x\r\n\r\n';
    for (let round = 0; round < 20; round++) {
      await using tunnel = await RawConnection.open(server.port);
      tunnel.send(target.repeat(2));
      await tunnel.until(/404 Not Found/);
      tunnel.socket.resetAndDestroy();
    }
    // One that keeps its half open is not waited for.
    const open = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    open.on('error', () => {}).write(target);
    open.resume();
    // Only who writes into it hears that it is gone.
    await eventually(() => {
      open.write('x');
      return open.destroyed ? true : undefined;
    });
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status, 200);
  });

  it('is compressed when the client asks for it: metrics', async () => {
    await using server = await serveFakeSidecar();
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(await response.text(), server.sidecar.series);
    const raw = await rawAnswer(
      server.port,
      'GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n',
    );
    assert.equal(gunzipSync(Buffer.from(raw.body, 'latin1')).toString(), server.sidecar.series);
  });

  it('comes in their order to requests of one connection, also to those that are sent at once', async () => {
    await using server = await serveFakeSidecar();
    await using connection = await RawConnection.open(server.port);
    connection.send('GET /initialization/status HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const all = await connection.until(/\{"health":true\}$/);
    assert.ok(all.indexOf('New') < all.indexOf('{"health":true}'), all);
  });
});

describe('an initialization over HTTP', () => {
  it('takes every mode but sanity for full', async () => {
    await using server = await serveFakeSidecar();
    for (const query of ['', '?mode=', '?mode=full', '?mode=Sanity', '?mode=sanity', '?x=1&mode=sanity&mode=full']) {
      await fetch(`http://127.0.0.1:${server.port}/initialization/start${query}`, { method: 'POST' });
    }
    assert.deepEqual(server.sidecar.starts, ['full', 'full', 'full', 'full', 'sanity', 'sanity']);
  });

  it('counts as read when its answer was sent', async () => {
    await using server = await serveFakeSidecar();
    await fetch(`http://127.0.0.1:${server.port}/initialization/status`);
    assert.deepEqual([server.sidecar.reads, server.sidecar.sent], [1, 1]);
  });
});

describe('the result of an initialization', () => {
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    it(`does not count as read when its client is gone before the answer: ${leave}`, async () => {
      await using server = await serveFakeSidecar();
      const { take } = holdFulls(server.sidecar);
      server.sidecar.word = 'Successful';
      await using connection = await RawConnection.open(server.port);
      const head = 'HTTP/1.1\r\nHost: x\r\n\r\n';
      // The answer to the second request waits for that to the first.
      connection.send(`GET /snapshot/full ${head}GET /initialization/status ${head}`);
      await eventually(() => (server.sidecar.reads === 1 ? true : undefined));
      connection.socket[leave]();
      await connection.closed;
      const healthy = async (): Promise<void> => {
        assert.equal(await (await fetch(`http://127.0.0.1:${server.port}/healthz`)).text(), '{"health":true}');
      };
      await healthy();
      take();
      await healthy();
      assert.equal(server.sidecar.sent, 0);
    });
  }
});

describe('a full over HTTP', () => {
  it('is final for every true of Go, and not for the others', async () => {
    await using server = await serveFakeSidecar();
    server.sidecar.onFull = () => Promise.resolve({ ...full, lastRevision: revision(58) });
    for (const final of ['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False', '']) {
      const response = await fetch(`http://127.0.0.1:${server.port}/snapshot/full?final=${final}`);
      assert.equal(response.status, 200, final);
    }
    assert.deepEqual(server.sidecar.fulls, [...Array(6).fill(true), ...Array(7).fill(false)]);
  });

  it('goes on when its client goes away', async () => {
    await using server = await serveFakeSidecar();
    const taken = Promise.withResolvers<StoredSnapshot>();
    const asked = Promise.withResolvers<void>();
    server.sidecar.onFull = () => {
      asked.resolve();
      return taken.promise;
    };
    const connection = await RawConnection.open(server.port);
    connection.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked.promise;
    const waiting = fetch(`http://127.0.0.1:${server.port}/snapshot/full`);
    await connection[Symbol.asyncDispose]();
    taken.resolve(full);
    assert.equal(await (await waiting).text(), fullText(''));
    assert.equal(await (await fetch(`http://127.0.0.1:${server.port}/healthz`)).text(), '{"health":true}');
  });
});

describe('metrics over HTTP', () => {
  it('are made once for all who ask at the same time', async () => {
    const sidecar = new FakeSidecar();
    await using server = await serveFakeSidecar({
      sidecar,
      clock: { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => {}) },
    });
    await Promise.all(Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${server.port}/metrics`)));
    assert.equal(sidecar.scrapes, 1);
  });
});

describe('what is asked for all the time', () => {
  const hosts = [
    'x',
    'X',
    'a-b.c1:80',
    '1.2.3.4',
    '10.0.255.4:8080',
    '[::1]',
    '',
    'a b',
    'x/y',
    'u@x',
    'x?y',
    'x..',
    '-x',
    'x-',
  ]
    .concat([
      '.x',
      'x:',
      'x:0',
      'x:59999',
      'x:65536',
      'x:99999',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.400',
      '01.2.3.4',
      '1.2.3.0x4',
    ])
    .concat([
      '0x7f.1',
      'xn--a',
      'xn--mnchen-3ya',
      'a_b',
      'a--b',
      'x%41',
      '\u00e4',
      'x#y',
      'x\\y',
      'x.1',
      '1.x',
      'x y:80',
      'x:80:80',
    ]);

  it('is answered alike, however the request looks', async () => {
    await using server = await serveFakeSidecar();
    const answer = async (request: string): Promise<string> => {
      const { head, body } = await rawAnswer(server.port, request);
      return [head.replace(/^Date: .*\r\n/m, ''), body].join('\n');
    };
    for (const path of ['/healthz', '/livez', '/readyz', '/metrics']) {
      const usual = await answer(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(usual, /^HTTP\/1.1 200 OK\r\n/);
      for (const other of [
        `GET ${path}?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        `GET http://x${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        `GET ${path} HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n`,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc`,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc`,
      ]) {
        assert.equal(await answer(other), usual, other);
      }
    }
  });

  it('is refused for the same names of a host as all else', async () => {
    await using server = await serveFakeSidecar();
    const statusOf = async (path: string, host: string): Promise<string | undefined> => {
      const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      return (await rawAnswer(server.port, request)).head.split('\r\n', 1)[0];
    };
    for (const host of hosts) {
      assert.equal(await statusOf('/healthz', host), await statusOf('/openapi.json', host), host);
    }
  });
});
