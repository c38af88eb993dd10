import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';
import { holdFulls } from '../../support/server/hold-fulls.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { RawConnection } from '../../support/server/raw-connection.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const withoutTls = /can reach the server without TLS/;

describe('a server', () => {
  it('listens at all addresses by default, of IPv4 and IPv6, and warns once that it has no TLS', async () => {
    await using server = await serveFakeSidecar({ address: undefined });
    const hosts = [
      '127.0.0.1',
      ...(networkInterfaces()['lo']?.some(({ address }) => address === '::1') ? ['[::1]'] : []),
    ];
    for (const host of hosts) {
      assert.equal((await fetch(`http://${host}:${server.port}/healthz`)).status, 200, host);
    }
    assert.equal(server.log.count(withoutTls), 1);
  });

  it('does not warn at addresses of this machine alone, nor with TLS', async () => {
    for (const address of ['127.0.0.1', '127.0.0.2', 'localhost']) {
      await using server = await serveFakeSidecar({ address });
      assert.equal(server.log.count(withoutTls), 0, address);
    }
    const certificate = { certFile: certificates.server.cert, keyFile: certificates.server.key };
    await using server = await serveFakeSidecar({ address: undefined, certificate });
    assert.equal(server.log.count(withoutTls), 0);
  });

  it('says in one line that its port is in use, or its address not of this machine', async () => {
    await using first = await serveFakeSidecar();
    const refusal = (code: string) => (error: Error & { code?: string }) => {
      assert.equal(error.code, 'listen_refused');
      assert.match(error.message, new RegExp(code));
      return true;
    };
    await assert.rejects(
      serveFakeSidecar({ port: first.port }),
      refusal(`cannot listen at 127.0.0.1, port ${first.port}: another process uses the port; end it, or give another`),
    );
    await assert.rejects(serveFakeSidecar({ address: '192.0.2.1' }), refusal('this machine does not have the address'));
    await assert.rejects(serveFakeSidecar({ address: 'nothing.invalid' }), (error: Error) => {
      assert.match(error.message, /the name is not known|no name server says what the name stands for/);
      assert.doesNotMatch(errorText(error), /getaddrinfo|ENOTFOUND|EAI_AGAIN/);
      return true;
    });
  });
});

describe('a server that ends', () => {
  it('takes no more connections, answers what was asked for and closes what is idle', async () => {
    await using server = await serveFakeSidecar();
    const { take } = holdFulls(server.sidecar);
    await using waiting = await RawConnection.open(server.port);
    waiting.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
    await using idle = await RawConnection.open(server.port);
    idle.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.until(/true\}$/);
    await eventually(() => (server.sidecar.fulls.length === 1 ? true : undefined));
    const ended = server.server.close({ graceMs: 60_000 });
    await idle.closed;
    await assert.rejects(fetch(`http://127.0.0.1:${server.port}/healthz`));
    take();
    await waiting.closed;
    assert.match(waiting.text, /"isFinal":false\}$/);
    await ended;
  });

  it('answers what was asked for over HTTP/2', async () => {
    await using server = await serveFakeSidecar({
      certificate: { certFile: certificates.server.cert, keyFile: certificates.server.key },
    });
    const { take } = holdFulls(server.sidecar);
    await using session = await http2Session(server.port);
    await using idle = await http2Session(server.port);
    const answer = ask2(session, { ':path': '/snapshot/full' });
    await eventually(() => (server.sidecar.fulls.length === 1 ? true : undefined));
    const ended = server.server.close({ graceMs: 60_000 });
    await eventually(() => (idle.closed ? true : undefined));
    take();
    assert.match((await answer).body, /"isFinal":false\}$/);
    await ended;
  });

  it('waits no longer than it may', async () => {
    await using server = await serveFakeSidecar();
    holdFulls(server.sidecar);
    await using waiting = await RawConnection.open(server.port);
    waiting.send('GET /snapshot/full HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => (server.sidecar.fulls.length === 1 ? true : undefined));
    await server.server.close({ graceMs: 50 });
    await waiting.closed;
    assert.equal(waiting.text, '');
  });

  it('may be ended twice', async () => {
    await using server = await serveFakeSidecar();
    await Promise.all([server.server.close({ graceMs: 50 }), server.server.close({ graceMs: 50 })]);
  });
});
