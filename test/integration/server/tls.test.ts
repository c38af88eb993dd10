import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const pair = () => ({ certFile: certificates.server.cert, keyFile: certificates.server.key });

interface Handshake {
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly certificate: PeerCertificate;
  readonly answer: string;
}

/** Asks over one TLS connection of HTTP/1.1, or with `alpn` only shakes hands. */
async function ask(
  port: number,
  path: string,
  options: { readonly alpn?: string[]; readonly versions?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' } = {},
): Promise<Handshake> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(options.alpn === undefined ? {} : { ALPNProtocols: options.alpn }),
    ...(options.versions === undefined ? {} : { minVersion: options.versions, maxVersion: options.versions }),
    ...(options.versions === 'TLSv1.1' ? { ciphers: 'ALL:@SECLEVEL=0' } : {}),
  });
  const done = Promise.withResolvers<void>();
  let answer = '';
  socket.on('error', done.reject);
  socket.on('close', () => done.resolve());
  socket.on('data', (piece) => {
    answer += piece.toString('latin1');
  });
  socket.once('secureConnect', () => {
    if (options.alpn?.[0] === 'h2') {
      socket.end();
    } else {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: etcd-main-local:8080\r\nConnection: close\r\n\r\n`);
    }
  });
  const facts = Promise.withResolvers<Omit<Handshake, 'answer'>>();
  socket.once('secureConnect', () =>
    facts.resolve({
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
      certificate: socket.getPeerCertificate(),
    }),
  );
  await done.promise;
  return { ...(await facts.promise), answer };
}

describe('HTTPS', () => {
  it('sends browsers back by HTTPS on health, initialization and snapshots, and nowhere else', async () => {
    await using server = await serveFakeSidecar({ certificate: pair(), profiling: { commandLine: [] } });
    const guarded = [
      '/healthz',
      '/initialization/start',
      '/initialization/status',
      '/snapshot/full',
      '/snapshot/delta',
      '/snapshot/latest',
    ];
    for (const path of [...guarded, '/config', '/metrics', '/debug/pprof/', '/nothing']) {
      const { answer } = await ask(server.port, path);
      const expected = guarded.includes(path);
      assert.equal(/^Strict-Transport-Security: max-age=31536000\r$/im.test(answer), expected, answer);
      assert.equal(/^Content-Security-Policy: default-src 'self'\r$/im.test(answer), expected, answer);
    }
  });

  it('is spoken from version 1.2 on', async () => {
    await using server = await serveFakeSidecar({ certificate: pair() });
    assert.equal((await ask(server.port, '/healthz', { versions: 'TLSv1.2' })).protocol, 'TLSv1.2');
    assert.equal((await ask(server.port, '/healthz', { versions: 'TLSv1.3' })).protocol, 'TLSv1.3');
    await assert.rejects(ask(server.port, '/healthz', { versions: 'TLSv1.1' }));
  });

  it('is HTTP/2 for those who offer it, and HTTP/1.1 for the others', async () => {
    await using server = await serveFakeSidecar({ certificate: pair() });
    assert.equal((await ask(server.port, '/', { alpn: ['h2', 'http/1.1'] })).alpn, 'h2');
    assert.equal((await ask(server.port, '/', { alpn: ['http/1.1'] })).alpn, 'http/1.1');
    const plain = await ask(server.port, '/healthz');
    assert.equal(plain.alpn, false);
    assert.match(plain.answer, /\{"health":true\}$/);
  });

  it('answers over HTTP/2 as over HTTP/1.1', async () => {
    await using server = await serveFakeSidecar({ certificate: pair() });
    await using session = await http2Session(server.port);
    const health = await ask2(session, { ':path': '/healthz', ':method': 'POST' });
    assert.equal(health.body, '{"health":true}');
    assert.equal(health.headers['strict-transport-security'], 'max-age=31536000');
    assert.equal((await ask2(session, { ':path': '/snapshot/delta' })).body, 'null');
    assert.equal(Number((await ask2(session, { ':path': '/nothing' })).headers[':status']), 404);
    assert.equal((await ask2(session, { ':path': '/initialization/status' })).body, 'New');
    assert.deepEqual([server.sidecar.reads, server.sidecar.sent], [1, 1]);
    assert.equal(
      Number((await ask2(session, { ':path': '/healthz', ':method': 'HEAD' })).headers['content-length']),
      15,
    );
  });
});

describe('a request for a tunnel over HTTPS', () => {
  it('is answered with 404 over HTTP/2, too', async () => {
    await using server = await serveFakeSidecar({ certificate: pair() });
    await using session = await http2Session(server.port);
    const answer = await ask2(session, { ':method': 'CONNECT', ':authority': 'elsewhere:1' });
    assert.deepEqual([Number(answer.headers[':status']), answer.body], [404, '']);
    assert.equal((await ask2(session, { ':path': '/healthz' })).body, '{"health":true}');
  });
});

describe('a certificate', () => {
  const periodMs = 10_000;

  it('is shown anew to new connections when its files have changed, without a restart', async () => {
    await using dir = makeTempDir();
    const files = { certFile: dir.join('tls.crt'), keyFile: dir.join('tls.key') };
    copyFileSync(certificates.server.cert, files.certFile);
    copyFileSync(certificates.server.key, files.keyFile);
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ certificate: files, clock });
    await using session = await http2Session(server.port);
    assert.equal((await ask(server.port, '/healthz')).certificate.subject.CN, 'localhost');
    copyFileSync(certificates.wrongName.cert, files.certFile);
    copyFileSync(certificates.wrongName.key, files.keyFile);
    await clock.advance(periodMs);
    await eventually(() => (server.log.count(/was read again/) === 1 ? true : undefined));
    const after = await ask(server.port, '/healthz');
    assert.equal(after.certificate.subject.CN, 'elsewhere.invalid');
    await assert.rejects(ask(server.port, '/healthz', { versions: 'TLSv1.1' }));
    // Connections that are open go on.
    assert.equal((await ask2(session, { ':path': '/healthz' })).body, '{"health":true}');
  });

  it('is served when it ran out or is not valid yet, with a warning', async () => {
    const { cert: certFile, key: keyFile } = certificates.expired;
    await using expired = await serveFakeSidecar({ certificate: { certFile, keyFile } });
    assert.equal(expired.log.count(/ran out at .*: clients will refuse it; renew it/), 1);
    assert.match((await ask(expired.port, '/healthz')).answer, /\{"health":true\}$/);
    await using early = await serveFakeSidecar({ certificate: pair(), clock: new FakeClock('2020-01-01T00:00:00Z') });
    assert.equal(early.log.count(/is not valid before/), 1);
    await using fine = await serveFakeSidecar({ certificate: pair() });
    assert.equal(fine.log.count(/clients will refuse it/), 0);
  });

  it('follows the links of a Kubernetes volume', async () => {
    await using dir = makeTempDir();
    const bring = (name: string, { cert, key }: { readonly cert: string; readonly key: string }): void => {
      mkdirSync(dir.join(name));
      copyFileSync(cert, dir.join(name, 'tls.crt'));
      copyFileSync(key, dir.join(name, 'tls.key'));
      symlinkSync(name, dir.join(`link-${name}`));
      renameSync(dir.join(`link-${name}`), dir.join('..data'));
    };
    bring('one', certificates.server);
    symlinkSync('..data/tls.crt', dir.join('tls.crt'));
    symlinkSync('..data/tls.key', dir.join('tls.key'));
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({
      certificate: { certFile: dir.join('tls.crt'), keyFile: dir.join('tls.key') },
      clock,
    });
    bring('two', certificates.wrongName);
    await clock.advance(periodMs);
    await eventually(() => (server.log.count(/was read again/) === 1 ? true : undefined));
    assert.equal((await ask(server.port, '/healthz')).certificate.subject.CN, 'elsewhere.invalid');
  });

  it('whose chain is shorter than before may still be written, and counts when it has stayed so', async () => {
    await using dir = makeTempDir();
    const files = { certFile: dir.join('tls.crt'), keyFile: dir.join('tls.key') };
    const authority = readFileSync(certificates.ca, 'utf8');
    writeFileSync(files.certFile, `${readFileSync(certificates.server.cert, 'utf8')}${authority}`);
    copyFileSync(certificates.server.key, files.keyFile);
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ certificate: files, clock });
    const chainLength = async (): Promise<number> => {
      const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { issuerCertificate } = socket.getPeerCertificate(true);
      socket.destroy();
      return issuerCertificate === undefined ? 1 : 2;
    };
    const look = async (): Promise<void> => {
      await clock.untilSleeping(periodMs);
      await clock.advance(periodMs);
      await clock.untilSleeping(periodMs);
    };
    assert.equal(await chainLength(), 2);
    writeFileSync(files.certFile, readFileSync(certificates.server.cert));
    await look();
    assert.equal(await chainLength(), 2);
    writeFileSync(files.certFile, `${readFileSync(certificates.server.cert, 'utf8')}\n${authority}`);
    await look();
    assert.deepEqual([await chainLength(), server.log.count(/was read again/)], [2, 1]);
    writeFileSync(files.certFile, readFileSync(certificates.server.cert));
    await look();
    assert.equal(await chainLength(), 2);
    await look();
    assert.deepEqual([await chainLength(), server.log.count(/was read again/)], [1, 2]);
  });

  it('stays, with one warning, while its files cannot be used', async () => {
    await using dir = makeTempDir();
    const files = { certFile: dir.join('tls.crt'), keyFile: dir.join('tls.key') };
    copyFileSync(certificates.server.cert, files.certFile);
    copyFileSync(certificates.server.key, files.keyFile);
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ certificate: files, clock });
    // The key of another: in the middle of a renewal.
    copyFileSync(certificates.wrongName.cert, files.certFile);
    for (let round = 0; round < 4; round++) {
      await clock.untilSleeping(periodMs);
      await clock.advance(periodMs);
    }
    await eventually(() => (server.log.count(/Going on with the certificate/) > 0 ? true : undefined));
    await clock.untilSleeping(periodMs);
    assert.equal(server.log.count(/Going on with the certificate/), 1);
    assert.match(server.log.texts.join('\n'), /the key is not that of the certificate/);
    assert.equal((await ask(server.port, '/healthz')).certificate.subject.CN, 'localhost');
    copyFileSync(certificates.wrongName.key, files.keyFile);
    await clock.advance(periodMs);
    await eventually(() => (server.log.count(/was read again/) === 1 ? true : undefined));
    assert.equal((await ask(server.port, '/healthz')).certificate.subject.CN, 'elsewhere.invalid');
  });
});

describe('a server does not begin', () => {
  const refused = async (certFile: string, keyFile: string, expected: RegExp): Promise<void> => {
    await assert.rejects(
      serveFakeSidecar({ certificate: { certFile, keyFile } }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'server_certificate');
        assert.match(error.message, expected);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  };

  it('with a certificate that is missing, empty, damaged, unreadable or of another key', async () => {
    await using dir = makeTempDir();
    const { cert, key } = certificates.server;
    writeFileSync(dir.join('empty'), '');
    writeFileSync(dir.join('cut'), readFileSync(cert, 'utf8').slice(0, 200));
    writeFileSync(dir.join('large'), Buffer.alloc(2 * 1024 * 1024));
    await refused(dir.join('nothing'), key, /nothing \(--server-cert\): there is no such file or directory; check/);
    await refused(cert, dir.path, /\(--server-key\): it is a directory, not a file/);
    await refused(dir.join('empty'), key, /holds no PEM block/);
    await refused(dir.join('large'), key, /too large/);
    await refused(dir.join('cut'), key, /nothing that can be used/);
    await refused(cert, certificates.client.key, /the key is not that of the certificate/);
    await refused(key, cert, /nothing that can be used/);
  });

  it('with a key that needs a passphrase', async () => {
    await using dir = makeTempDir();
    const secret = dir.join('secret.key');
    await run('openssl', ['pkey', '-in', certificates.server.key, '-aes256', '-passout', 'pass:abc', '-out', secret]);
    chmodSync(secret, 0o600);
    await refused(certificates.server.cert, secret, /the key is encrypted; give one without a passphrase/);
  });
});
