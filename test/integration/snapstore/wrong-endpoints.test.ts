import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../src/runtime/environment.ts';
import type { ProviderName } from '../../../src/snapstore/provider-name.ts';
import { openBucket } from '../../../src/snapstore/registry.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

const { signal } = new AbortController();
let dir: TempDir;
let certificates: Certificates;

before(async () => {
  dir = makeTempDir();
  certificates = await makeCertificates();
});
after(async () => {
  dir[Symbol.dispose]();
  await certificates[Symbol.asyncDispose]();
});

/** A server that does nothing but the TLS handshake. */
async function startTls(options: TlsOptions): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const server: Server = createTlsServer(options, (socket) => socket.on('error', () => undefined).destroy());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    endpoint: `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

const pair = ({ cert, key }: { readonly cert: string; readonly key: string }) => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
});

/** What listens in the place of a store, what is said of it, and whether waiting may help. */
const places: Readonly<
  Record<string, readonly [start: () => Promise<AsyncDisposable & { readonly endpoint: string }>, said: RegExp]>
> = {
  nothing: [
    async () => {
      await using closed = await startS3Server();
      return { endpoint: closed.endpoint, [Symbol.asyncDispose]: async () => undefined };
    },
    /: the connection is refused \(ECONNREFUSED\); check the endpoint and its port, and that the store is running$/,
  ],
  'plain HTTP, asked with https': [
    async () => {
      const server = await startS3Server();
      const endpoint = server.endpoint.replace('http:', 'https:');
      return { endpoint, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
    /: what answers does not speak TLS \(\w+\); is its endpoint one of http\?; correct the scheme of the endpoint$/,
  ],
  'TLS with a foreign authority': [
    () => startTls(pair(certificates.foreign)),
    /: the server's certificate is not accepted: its authority is not known here \(\w+\); have SSL_CERT_FILE name/,
  ],
  'TLS with an expired certificate': [
    () => startTls(pair(certificates.expired)),
    /: the server's certificate is not accepted: it has expired \(\w+\); have it renewed/,
  ],
  'TLS for another name': [
    () => startTls(pair(certificates.wrongName)),
    /: the server's certificate is not accepted: it is for other names \(\w+\); use a name in the endpoint/,
  ],
  'TLS that wants a client certificate': [
    async () => {
      // Openssl's own alert for it; Node's server breaks the connection only.
      const { server } = certificates;
      return await startTls({ ...pair(server), requestCert: true, ca: readFileSync(certificates.ca) });
    },
    /: (the server wants a client certificate, which a store is never shown|the connection broke) \(\w+\); check the endpoint/,
  ],
  'old TLS only': [
    () =>
      startTls({
        ...pair(certificates.server),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    /: no version of TLS is spoken by both sides \(ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION\); allow TLS 1\.2 or 1\.3/,
  ],
  'TLS with other ciphers': [
    () => startTls({ ...pair(certificates.server), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    /: no cipher is taken by both sides, or the server wants a client certificate \(\S+\); allow TLS/,
  ],
};

/** Variables of a provider whose endpoint is given otherwise, or in them. */
const environments: Readonly<Partial<Record<ProviderName, (endpoint: string) => Environment>>> = {
  S3: () => file('AWS', { region: 'r', accessKeyID: 'k', secretAccessKey: 's', s3ForcePathStyle: true }),
  ECS: (endpoint) => ({ ECS_ENDPOINT: endpoint, ECS_ACCESS_KEY_ID: 'k', ECS_SECRET_ACCESS_KEY: 's' }),
  OCS: (endpoint) => file('OPENSHIFT', { endpoint, region: 'r', accessKeyID: 'k', secretAccessKey: 's' }),
  OSS: () => file('ALICLOUD', { storageEndpoint: 'oss.example', accessKeyID: 'k', accessKeySecret: 's', region: 'r' }),
  ABS: () => file('AZURE', { storageAccount: 'a', storageKey: 'a2V5' }),
  Swift: () =>
    file('OPENSTACK', { authURL: 'https://k', username: 'u', password: 'p', tenantName: 't', domainName: 'd' }),
};

function file(stem: string, fields: Readonly<Record<string, unknown>>): Environment {
  const path = dir.join(`${stem}.json`);
  writeFileSync(path, JSON.stringify(fields));
  return { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: path };
}

describe('what a newcomer meets at a wrong endpoint', () => {
  for (const [title, [start, said]] of Object.entries(places)) {
    for (const [provider, variables] of Object.entries(environments) as [ProviderName, (e: string) => Environment][]) {
      it(`${provider}: ${title}`, async () => {
        await using place = await start();
        const trusted = /foreign/.test(title) ? {} : { SSL_CERT_FILE: certificates.ca };
        const { bucket } = await openBucket(
          {
            provider,
            role: 'primary',
            container: 'backups',
            prefix: '',
            endpointOverride: place.endpoint,
            maxParallelChunkUploads: 1,
            minChunkSize: 5 * 1024 * 1024,
            patience: 'short',
          },
          { log: quietLogger, clock: jumpingClock(), environment: { ...variables(place.endpoint), ...trusted } },
        );
        await using _ = bucket;
        await assert.rejects(Array.fromAsync(bucket.list('', { signal })), (error) => {
          assert.ok(error instanceof StoreError, String(error));
          assert.match(error.message, said);
          assert.doesNotMatch(error.message, FOREIGN_WORDS);
          assert.equal(error.kind, /refused|broke/.test(error.message) ? 'transient' : 'invalid');
          return true;
        });
      });
    }
  }
});
