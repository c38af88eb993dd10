import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { AuthTokens } from '../../../src/server/http/access/auth-tokens.ts';
import { openApiDocument } from '../../../src/server/http/openapi.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { storedFull } from '../../support/server/hold-fulls.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { rawAnswer } from '../../support/server/raw-connection.ts';
import { scriptedLeader } from '../../support/server/scripted-leader.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const powerShell = 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1';

/** The status of a request with these headers, at `Host: host` of the port. */
async function statusOf(
  server: Pick<Served, 'port'>,
  request: string,
  headers: Readonly<Record<string, string>>,
  host = `127.0.0.1:${server.port}`,
): Promise<number> {
  const lines = Object.entries({ host, connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const { head } = await rawAnswer(server.port, `${request} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return Number(head.split(' ')[1]);
}

const changes = ['/snapshot/full', '/snapshot/delta', '/initialization/start', '/initialization/status'];

describe('a browser', () => {
  const here = 'http://127.0.0.1';
  for (const [title, method, headers, allowed] of [
    ['the button of the page', 'POST', { 'sec-fetch-site': 'same-origin', origin: here, 'user-agent': firefox }, true],
    ['the button of the page over plain HTTP', 'POST', { origin: here, 'user-agent': firefox }, true],
    ['a form of another site', 'POST', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }, false],
    ['a form of another site over plain HTTP', 'POST', { origin: 'http://evil.example', 'user-agent': firefox }, false],
    ['a form of another port', 'POST', { origin: `${here}:1`, 'user-agent': firefox }, false],
    ['a form of a frame without an origin', 'POST', { origin: 'null', 'user-agent': firefox }, false],
    ['a page of the same site', 'POST', { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' }, false],
    ['a link of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, false],
    ['a link of a mail, or an address that was typed', 'GET', { 'sec-fetch-site': 'none' }, false],
    ['an image of another site over plain HTTP', 'GET', { 'user-agent': firefox, accept: 'image/*' }, false],
    ['the question of another site whether it may', 'OPTIONS', { origin: 'http://evil.example' }, false],
    ['a page that hides its origin', 'POST', { referer: `${here}/`, 'user-agent': firefox }, false],
    ['a page that hides its origin by null', 'POST', { origin: 'null', referer: `${here}/` }, false],
    [
      'another method that a header asks for',
      'GET',
      { 'x-http-method-override': 'POST', 'user-agent': firefox },
      false,
    ],
    ['a form with a body as text', 'POST', { origin: 'http://evil.example', 'content-type': 'text/plain' }, false],
    [
      'a proxy that is said to be there',
      'POST',
      { origin: 'http://evil.example', 'x-forwarded-host': 'evil.example' },
      false,
    ],
    ['a file that was opened', 'POST', { origin: 'file://', 'user-agent': firefox }, false],
    ['an origin with the host as its user', 'POST', { origin: `${here}@evil.example`, 'user-agent': firefox }, false],
    ['curl', 'GET', { 'user-agent': 'curl/8.5.0' }, true],
    ['etcd-druid', 'GET', { 'user-agent': 'Go-http-client/1.1' }, true],
    ['a script without a name', 'POST', {}, true],
    ['PowerShell', 'POST', { 'user-agent': powerShell }, true],
  ] as const) {
    it(`${allowed ? 'changes something' : 'is refused'} by ${title}`, async () => {
      await using server = await serveFakeSidecar();
      server.sidecar.onFull = () => Promise.resolve(storedFull);
      for (const path of changes) {
        const own = 'origin' in headers && headers.origin === here ? { origin: `${here}:${server.port}` } : {};
        const status = await statusOf(server, `${method} ${path}`, { ...headers, ...own });
        assert.equal(status, allowed ? 200 : 403, path);
      }
      const { sidecar } = server;
      const done = [sidecar.fulls.length, sidecar.deltas, sidecar.starts.length, sidecar.reads];
      assert.deepEqual(done, allowed ? [1, 1, 1, 1] : [0, 0, 0, 0]);
    });
  }

  it('is told why, in words', async () => {
    await using server = await serveFakeSidecar();
    const response = await fetch(`http://127.0.0.1:${server.port}/snapshot/full`, {
      headers: { 'user-agent': firefox },
    });
    assert.equal(await response.text(), 'a browser may do this only from the page of this server, at /\n');
  });

  it('reads from anywhere, as from a bookmark or a link in a chat', async () => {
    await using server = await serveFakeSidecar();
    for (const path of ['/healthz', '/livez', '/backup/status', '/metrics', '/config', '/snapshot/latest']) {
      const headers = { 'sec-fetch-site': 'cross-site', 'user-agent': firefox };
      assert.equal(await statusOf(server, `GET ${path}`, headers), 200, path);
    }
  });

  it('cannot be led to this machine under the name of another site', async () => {
    await using server = await serveFakeSidecar();
    const headers = { 'sec-fetch-site': 'same-origin', origin: `http://evil.example:${server.port}` };
    for (const [host, status] of [
      [`evil.example:${server.port}`, 403],
      [`localhost.evil.example:${server.port}`, 403],
      ['', 403],
      [`localhost:${server.port}`, 200],
      [`a.localhost:${server.port}`, 200],
      [`[::1]:${server.port}`, 200],
    ] as const) {
      assert.equal(await statusOf(server, 'GET /config', headers, host), status, host);
    }
    assert.equal(await statusOf(server, 'POST /snapshot/delta', headers, `evil.example:${server.port}`), 403);
    assert.equal(await statusOf(server, 'GET /config', { 'user-agent': 'curl/8' }, 'evil.example'), 200);
    // A script of that name may call itself what it likes, and sends no Origin with a GET.
    const disguised = { 'user-agent': 'curl/8', 'accept-language': 'en' };
    assert.equal(await statusOf(server, 'GET /snapshot/full', disguised, `evil.example:${server.port}`), 403);
    assert.equal(await statusOf(server, 'GET /config', disguised, `etcd-main-local:${server.port}`), 403);
    assert.equal(await statusOf(server, 'GET /config', disguised), 200);
    assert.deepEqual([server.sidecar.fulls, server.sidecar.deltas], [[], 0]);
  });
});

describe('HTTP/2', () => {
  let certificates: Certificates;
  before(async () => {
    certificates = await makeCertificates();
  });
  after(async () => {
    await certificates[Symbol.asyncDispose]();
  });

  it('has the same rules', async () => {
    const certificate = { certFile: certificates.server.cert, keyFile: certificates.server.key };
    await using server = await serveFakeSidecar({ certificate });
    await using session = await http2Session(server.port);
    for (const [origin, status] of [
      [`https://127.0.0.1:${server.port}`, 200],
      ['https://evil.example', 403],
    ] as const) {
      const answer = await ask2(session, {
        ':method': 'POST',
        ':path': '/snapshot/delta',
        ':authority': `127.0.0.1:${server.port}`,
        origin,
      });
      assert.equal(answer.headers[':status'], status);
    }
  });
});

const token = '0123456789abcdef0123456789abcdef';

/** A server that asks for the token. */
async function guarded(
  options: { readonly sidecar?: FakeSidecar; readonly port?: number; readonly text?: string } = {},
) {
  const dir = makeTempDir();
  const authTokenFile = dir.join('token');
  const { text = `${token}\n`, ...rest } = options;
  writeFileSync(authTokenFile, text, { mode: 0o600 });
  const log = new RecordedLog();
  const tokens = await AuthTokens.open(authTokenFile, { clock: systemClock, log });
  const server = await serveFakeSidecar({ ...rest, tokens });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

describe('--auth-token-file', () => {
  it('protects every path but health, also those that are not there', async () => {
    await using server = await guarded();
    const health = ['/healthz', '/livez', '/readyz'];
    const paths = [...Object.keys(openApiDocument.paths), '/nothing', '/debug/pprof/'];
    for (const path of paths) {
      for (const method of ['GET', 'POST']) {
        const open = health.includes(path) ? 200 : 401;
        assert.equal(await statusOf(server, `${method} ${path}`, {}), open, path);
        assert.equal(await statusOf(server, `${method} ${path}`, { authorization: `Bearer ${token}x` }), open, path);
      }
    }
    const { sidecar } = server;
    assert.deepEqual([sidecar.fulls.length, sidecar.deltas, sidecar.starts.length, sidecar.reads], [0, 0, 0, 0]);
  });

  it('lets in those who show it, browsers by their password dialog', async () => {
    await using server = await guarded();
    const asked = await fetch(`http://127.0.0.1:${server.port}/config`);
    assert.equal(asked.status, 401);
    assert.match(asked.headers.get('www-authenticate') ?? '', /^Bearer realm="etcdbrctl", Basic realm="etcdbrctl"/);
    for (const authorization of [`Bearer ${token}`, `Basic ${btoa(`me:${token}`)}`]) {
      assert.equal(await statusOf(server, 'GET /config', { authorization }), 200);
    }
  });

  it('does not let another site use what a browser remembers of it', async () => {
    await using server = await guarded();
    const authorization = `Basic ${btoa(`me:${token}`)}`;
    const foreign = { authorization, 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    assert.equal(await statusOf(server, 'POST /snapshot/delta', foreign), 403);
    assert.equal(server.sidecar.deltas, 0);
  });

  it('is carried from one sidecar to the other, in place of what the client has shown', async () => {
    await using leader = await scriptedLeader();
    const sidecar = new FakeSidecar();
    sidecar.access = 'forwards';
    sidecar.onLeader = () => Promise.resolve('http://127.0.0.2:2379');
    const older = 'ffffffffffffffffffffffffffffffff';
    await using follower = await guarded({ sidecar, text: `${token}\n${older}\n`, port: leader.port });
    for (const authorization of [`Bearer ${older}`, `Bearer ${token}`, `Basic ${btoa(`me:${older}`)}`]) {
      assert.equal(await statusOf(follower, 'GET /snapshot/delta', { authorization }), 200);
      assert.equal(leader.seen.at(-1)?.headers.authorization, `Bearer ${token}`);
    }
    assert.equal(await statusOf(follower, 'GET /snapshot/delta', {}), 401);
    assert.equal(leader.seen.length, 3);
  });

  it('stays out of the log', async () => {
    await using server = await guarded();
    await statusOf(server, 'GET /config', { authorization: `Bearer ${token}` });
    server.sidecar.onConfig = () => Promise.reject(new Error('cannot read it'));
    await statusOf(server, 'GET /config', { authorization: `Bearer ${token}` });
    assert.ok(!JSON.stringify(server.log.lines).includes(token));
  });
});
