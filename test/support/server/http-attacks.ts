import { connect as connectHttp2 } from 'node:http2';
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Random } from '../fixtures/random.ts';

/** Where the attacked server listens. */
export interface Target {
  readonly plain: number;
  readonly tls: number;
}

/** One attack: sends something, waits for what comes, and is gone at its end. Returns how many requests it was. */
export type Attack = (target: Target, random: Random) => Promise<number>;

const methods = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
  'CONNECT',
  'PRI',
  'FOO',
  'get',
  '',
];
const paths = [
  '/healthz',
  '/livez',
  '/readyz',
  '/initialization/start',
  '/initialization/status',
  '/snapshot/full',
  '/snapshot/delta',
  '/snapshot/latest',
  '/backup/status',
  '/config',
  '/metrics',
  '/openapi.json',
  '/debug/pprof/heap',
  '/',
  '*',
  '',
];
const oddTexts = [
  '%',
  '%00',
  '%2e%2e/',
  '../',
  '//',
  '\\',
  '?',
  '#',
  ';',
  ' ',
  '\t',
  '\u00ff',
  '\u0000',
  'http://x/',
  '@',
  '[::1]',
];

function path(random: Random): string {
  const base = random.pick(paths);
  const query = random.oneIn(2)
    ? `?final=${random.pick(['true', '1', 'x', '%', ''])}&mode=${random.pick(['sanity', 'full', ''])}`
    : '';
  return random.oneIn(4) ? `${base}${random.pick(oddTexts)}${query}` : `${base}${query}`;
}

function header(random: Random): string {
  switch (random.integer(10)) {
    case 0:
      return `Content-Length: ${random.pick(['5', '-1', '1e9', '99999999999999999999', '5, 6', '', '2000000'])}`;
    case 1:
      return `Transfer-Encoding: ${random.pick(['chunked', 'gzip', 'chunked, chunked', 'x', 'identity'])}`;
    case 2:
      return `Connection: ${random.pick(['close', 'keep-alive', 'upgrade', 'x-a, x-b'])}`;
    case 3:
      return `Expect: ${random.pick(['100-continue', 'x'])}`;
    case 4:
      return `Upgrade: ${random.pick(['h2c', 'websocket'])}`;
    case 5:
      return `Accept-Encoding: ${random.pick(['gzip', 'gzip;q=0', '*', ','])}`;
    case 6:
      return `Host: ${random.pick(['x', '', 'a b', 'x:y', '[::1]:1', 'ä', '/'])}`;
    case 7:
      return `Etcdbrctl-Forwarded: 1`;
    case 8:
      return `X${random.integer(100)}: ${'y'.repeat(random.integer(2_000))}`;
    default:
      return random.pick([': x', 'a', 'a b: c', 'Range: bytes=0-1', 'If-None-Match: *', '\u0000: 1', 'X:\ty\t']);
  }
}

function request(random: Random): string {
  const version = random.oneIn(8) ? random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', 'HTTP/9.9', '']) : 'HTTP/1.1';
  const headers = Array.from({ length: random.integer(4) }, () => header(random));
  const host = random.oneIn(10) ? [] : ['Host: x'];
  const body = random.oneIn(4) ? random.pick(['hello', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', '\u0000\u0001']) : '';
  return `${[`${random.pick(methods)} ${path(random)} ${version}`, ...host, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

function garbage(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.integer(256)));
}

/** Opens a connection that throws nothing, and ends it after `work`. */
async function over(socket: Socket, work: (socket: Socket) => Promise<void>): Promise<void> {
  socket.on('error', () => {});
  try {
    await work(socket);
  } finally {
    socket.destroy();
  }
}

/** Resolves at the first answer, at the end of the connection, or after `ms`. */
async function answerOf(socket: Socket, ms: number): Promise<void> {
  const done = new AbortController();
  const stop = (): void => done.abort();
  socket.once('data', stop);
  socket.once('close', stop);
  await delay(ms, undefined, { signal: done.signal }).catch(() => {});
}

const plain = (target: Target): Socket => connectPlain({ port: target.plain, host: '127.0.0.1' });
const secure = (target: Target): Socket =>
  connectTls({ port: target.tls, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });

const oneRequest: Attack = async (target, random) => {
  await over(random.oneIn(5) ? secure(target) : plain(target), async (socket) => {
    socket.write(request(random), 'latin1');
    await answerOf(socket, 60);
  });
  return 1;
};

const pipelined: Attack = async (target, random) => {
  const count = 2 + random.integer(30);
  await over(plain(target), async (socket) => {
    socket.write(Array.from({ length: count }, () => request(random)).join(''), 'latin1');
    await answerOf(socket, 60);
  });
  return count;
};

const longHeaders: Attack = async (target, random) => {
  await over(plain(target), async (socket) => {
    const long = 'x'.repeat(random.pick([60_000, 66_000, 300_000, 1024 * 1024]));
    const line = random.oneIn(2)
      ? `X: ${long}`
      : Array.from({ length: 3_000 }, (_, at) => `X${at}: ${long.slice(0, 300)}`).join('\r\n');
    socket.write(`GET ${random.oneIn(3) ? `/${long}` : '/healthz'} HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`, 'latin1');
    await answerOf(socket, 200);
  });
  return 1;
};

const slowBody: Attack = async (target, random) => {
  await over(plain(target), async (socket) => {
    const length = random.pick([10, 70_000, 900_000, 2_000_000]);
    socket.write(`POST ${random.pick(paths)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`, 'latin1');
    socket.write('x'.repeat(random.integer(length)));
    await delay(random.integer(50));
  });
  return 1;
};

const slowReader: Attack = async (target, random) => {
  await over(plain(target), async (socket) => {
    socket.pause();
    socket.write('GET /config HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1 + random.integer(10)));
    await delay(random.integer(60));
  });
  return 1;
};

const noRequest: Attack = async (target, random) => {
  const socket = connectPlain({ port: random.oneIn(2) ? target.plain : target.tls, host: '127.0.0.1' });
  await over(socket, async () => {
    // A record of TLS, the preface of HTTP/2, or nothing that is known.
    const begin = random.pick([
      Buffer.from([22, 3, 1, 2, 0, 1]),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.alloc(0),
    ]);
    socket.write(Buffer.concat([begin, garbage(random, random.integer(600))]));
    await answerOf(socket, 40);
  });
  return 1;
};

const http2Garbage: Attack = async (target, random) => {
  const socket = connectTls({ port: target.tls, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await over(socket, async () => {
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    for (let frame = 0; frame < 1 + random.integer(20); frame++) {
      const payload = garbage(random, random.integer(200));
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = random.integer(11);
      head[4] = random.integer(256);
      head.writeUInt32BE(random.pick([0, 1, 3, 5, 2 ** 31 - 1]), 5);
      socket.write(Buffer.concat([head, payload]));
    }
    await answerOf(socket, 60);
  });
  return 1;
};

const http2Streams: Attack = async (target, random) => {
  const session = connectHttp2(`https://127.0.0.1:${target.tls}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  const count = 1 + random.integer(30);
  const streams = Array.from({ length: count }, async () => {
    const method = random.pick(['GET', 'POST', 'HEAD', 'DELETE', 'CONNECT', 'FOO']);
    const wanted = path(random).replace(/[^!-~]/g, '') || '/';
    const extra = random.oneIn(4) ? { [`x-${random.integer(10)}`]: 'y'.repeat(random.integer(20_000)) } : {};
    const place = method === 'CONNECT' ? { ':authority': 'x:1' } : { ':path': wanted };
    const stream = session.request({ ':method': method, ...place, ...extra }, { endStream: random.oneIn(2) });
    stream.on('error', () => {});
    stream.resume();
    if (random.oneIn(4)) {
      stream.close(random.integer(14));
    }
    const done = new AbortController();
    stream.once('close', () => done.abort());
    await delay(80, undefined, { signal: done.signal }).catch(() => {});
  });
  await Promise.allSettled(streams);
  session.destroy();
  return count;
};

/** All attacks; those that are named several times come more often. */
export const attacks: readonly Attack[] = [
  ...Array(10).fill(oneRequest),
  pipelined,
  pipelined,
  longHeaders,
  slowBody,
  slowBody,
  slowReader,
  noRequest,
  noRequest,
  http2Garbage,
  http2Streams,
  http2Streams,
];
