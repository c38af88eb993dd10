// Needs a process of its own: Node keeps a socket whose TLS handshake failed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { type KeyPair, makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { diagnose } from '../../../../src/etcd/connection/diagnosis.ts';
import { parseEndpoint } from '../../../../src/etcd/connection/endpoint.ts';
import type { TransportSecurity } from '../../../../src/etcd/connection/transport-security.ts';

/** What is found out about a server on https. */
async function foundAt(
  server: Server,
  ca: Buffer,
  identity: TransportSecurity['identity'] = undefined,
): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const endpoint = parseEndpoint(`https://localhost:${port}`, { assumeSecure: true });
    const diagnosis = await diagnose(endpoint, { ca, identity, verify: true });
    return diagnosis === undefined ? 'nothing' : `${diagnosis.code}: ${diagnosis.found}; ${diagnosis.remedy}`;
  } finally {
    server.close();
  }
}

describe('a server that is no etcd with TLS', () => {
  const cases: readonly (readonly [string, TlsOptions, RegExp])[] = [
    [
      'TLS 1.1 only',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      /^etcd_tls: it speaks no TLS 1\.2 or newer .*; allow TLS 1\.2 or 1\.3 at the server/,
    ],
    ['HTTP/1.1 only', { ALPNProtocols: ['http/1.1'] }, /^etcd_tls: it speaks TLS, but no HTTP\/2 /],
  ];
  for (const [what, options, found] of cases) {
    it(`is explained: ${what}`, async () => {
      await using certificates = await makeCertificates();
      const { cert, key } = certificates.server;
      const server = createTlsServer({ ...options, cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
        socket.on('error', () => undefined).destroy();
      });
      server.on('tlsClientError', () => undefined);
      assert.match(await foundAt(server, readFileSync(certificates.ca)), found);
    });
  }

  it('is explained: HTTP/1.1 without a word of it in the handshake', async () => {
    await using certificates = await makeCertificates();
    const { cert, key } = certificates.server;
    const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const found = await foundAt(server, readFileSync(certificates.ca));
    assert.match(
      found,
      /^etcd_unreachable: what answers there speaks no HTTP\/2, and so is no etcd; give the client port/,
    );
  });

  it('is explained: no TLS at all', async () => {
    await using certificates = await makeCertificates();
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    assert.match(await foundAt(server, readFileSync(certificates.ca)), /^etcd_tls: what answers there speaks no TLS /);
  });
});

describe('a server that wants a client certificate', () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`names what is wrong with ours, over ${maxVersion}`, async () => {
      await using certificates = await makeCertificates();
      const { server: own, client, expired, foreign } = certificates;
      const pair = ({ cert, key }: KeyPair) => ({ cert: readFileSync(cert), key: readFileSync(key) });
      const ca = readFileSync(certificates.ca);
      const shown = async (identity: TransportSecurity['identity']): Promise<string> => {
        const options: TlsOptions = { ...pair(own), ca, requestCert: true, rejectUnauthorized: true, maxVersion };
        const server = createTlsServer({ ...options, ALPNProtocols: ['h2'] }, (socket) => {
          socket.on('error', () => undefined).end('\0\0\0\x04\0\0\0\0\0');
        });
        server.on('tlsClientError', () => undefined);
        return await foundAt(server, ca, identity);
      };
      assert.equal(await shown(pair(client)), 'nothing');
      assert.match(await shown(pair(expired)), /^etcd_tls: our certificate in --cert has expired at 2/);
      // Such a server ends without an alert; what is said must not blame a certificate we did not show.
      assert.doesNotMatch(await shown(undefined), /our certificate/);
      assert.doesNotMatch(await shown(pair(foreign)), /we showed none/);
    });
  }
});
