import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { ProviderName } from '../../../src/snapstore/provider-name.ts';
import { openBucket } from '../../../src/snapstore/registry.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { listenOnLoopback } from '../../support/servers/loopback-listener.ts';
import { startRecordingProxy } from '../../support/servers/recording-proxy.ts';

/** A name that no lookup finds: whoever reaches it went through a proxy. */
const host = 'elsewhere.invalid';

/** An address that the certificate for that name holds as well, and that no machine has (RFC 5737). */
const address = '192.0.2.1';

/** Credentials for every provider, each in the way its variables want them. */
function credentialsIn(directory: { join(name: string): string }, endpoint: string): Record<string, string> {
  const json = (name: string, fields: object): string => {
    const path = directory.join(name);
    writeFileSync(path, JSON.stringify(fields), { mode: 0o600 });
    return path;
  };
  const keys = { accessKeyID: 'key', secretAccessKey: 'secret' };
  return {
    AWS_APPLICATION_CREDENTIALS_JSON: json('aws.json', { ...keys, region: 'eu-west-1', s3ForcePathStyle: true }),
    OPENSHIFT_APPLICATION_CREDENTIALS_JSON: json('ocs.json', { ...keys, region: 'x', endpoint }),
    ECS_ENDPOINT: endpoint,
    ECS_ACCESS_KEY_ID: 'key',
    ECS_SECRET_ACCESS_KEY: 'secret',
    AZURE_APPLICATION_CREDENTIALS_JSON: json('abs.json', { storageAccount: 'account', storageKey: 'c2VjcmV0' }),
    ALICLOUD_APPLICATION_CREDENTIALS_JSON: json('oss.json', {
      storageEndpoint: endpoint,
      accessKeyID: 'key',
      accessKeySecret: 'secret',
    }),
    OPENSTACK_APPLICATION_CREDENTIALS_JSON: json('swift.json', {
      authURL: endpoint,
      tenantName: 't',
      domainName: 'd',
      username: 'u',
      password: 'p',
      region: 'r',
    }),
  };
}

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const providers: readonly ProviderName[] = ['S3', 'ECS', 'OCS', 'ABS', 'GCS', 'OSS', 'Swift'];

/** Lists a container; gives the error, which there is in each of these tests. */
async function listing(
  provider: ProviderName,
  endpoint: string,
  environment: Readonly<Record<string, string>>,
): Promise<Error> {
  using directory = makeTempDir();
  const variables = { ...credentialsIn(directory, endpoint), ...environment };
  const { bucket } = await openBucket(
    {
      provider,
      container: 'backups',
      prefix: '',
      endpointOverride: endpoint,
      maxParallelChunkUploads: 1,
      minChunkSize: 5 * 1024 * 1024,
      role: 'primary',
    },
    { log: new RecordedLog(), clock: jumpingClock(), environment: variables },
  );
  try {
    for await (const _ of bucket.list('v2/', { signal: AbortSignal.timeout(60_000) })) {
      // Nothing is listed.
    }
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  } finally {
    await bucket[Symbol.asyncDispose]();
  }
  return new Error('the listing is complete');
}

describe('requests of every provider', () => {
  // Swift's password must not travel in clear: an endpoint of http is refused unless it is this machine.
  for (const provider of providers.filter((each) => each !== 'Swift')) {
    it(`go through HTTP_PROXY: ${provider}`, async () => {
      await using proxy = await startRecordingProxy({ status: 403 });
      const environment = { HTTP_PROXY: proxy.url.replace('//', '//user:hunter2@') };
      const error = await listing(provider, `http://${host}:8333`, environment);
      assert.ok(error instanceof StoreError, String(error));
      assert.equal(error.kind, 'denied', error.message);
      assert.match(proxy.asked[0] ?? '', new RegExp(`^(GET|POST) http://([a-z.]*\\.)?${host}:8333/`));
      assert.equal(proxy.authorizations[0], `Basic ${Buffer.from('user:hunter2').toString('base64')}`);
      assert.doesNotMatch(error.message, /hunter2/);
    });
  }

  for (const provider of providers) {
    it(`pass by the proxy for this machine: ${provider}`, async () => {
      await using proxy = await startRecordingProxy({ status: 403 });
      // Port 1 answers nothing; a refusal comes at once, while a lookup of a name might take its time.
      const error = await listing(provider, 'http://127.0.0.1:1', { HTTP_PROXY: proxy.url, NO_PROXY: host });
      assert.deepEqual(proxy.asked, []);
      assert.match(error.message, /refused/);
    });
  }

  // GCS would ask Google's token service first.
  for (const provider of providers.filter((each) => each !== 'GCS')) {
    for (const [text, wrong] of [
      ['http://[bad', 'it is not a URL'],
      ['socks5://127.0.0.1:1', 'its scheme socks5 is not one of a HTTP proxy'],
    ] as const) {
      it(`are not repeated where HTTPS_PROXY is ${text}, and say so: ${provider}`, async () => {
        const error = await listing(provider, `https://${host}`, { HTTPS_PROXY: text });
        assert.ok(error instanceof StoreError, String(error));
        assert.equal(error.kind, 'invalid', error.message);
        assert.match(
          error.message,
          new RegExp(`: cannot use the proxy in HTTPS_PROXY: ${wrong}; write it as http://HOST:PORT`),
        );
        assert.doesNotMatch(error.message, /tried again/);
      });
    }
  }

  for (const provider of providers.filter((each) => each !== 'GCS')) {
    it(`go through a tunnel of HTTPS_PROXY, whose refusal names the proxy: ${provider}`, async () => {
      await using proxy = await startRecordingProxy({ status: 407 });
      const error = await listing(provider, `https://${host}`, { HTTPS_PROXY: proxy.url });
      assert.ok(error instanceof StoreError, String(error));
      assert.equal(error.kind, 'denied', error.message);
      assert.match(proxy.asked[0] ?? '', new RegExp(`^CONNECT ([a-z.]*\\.)?${host}:443$`));
      assert.ok(error.message.includes(`the proxy ${proxy.url} (HTTPS_PROXY) answered 407`), error.message);
    });

    for (const [name, paths] of [
      ['SSL_CERT_FILE', (ca: string) => ca],
      ['AWS_CA_BUNDLE', (ca: string) => ca],
      ['SSL_CERT_DIR', (_: string, dir: string) => `/nonexistent/directory:${dir}`],
    ] as const) {
      it(`trust the authorities in ${name}, also through a tunnel: ${provider}`, async () => {
        const { cert, key } = certificates.wrongName;
        const seen: string[] = [];
        const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
          seen.push(request.method ?? '');
          request.resume();
          response.writeHead(403).end();
        });
        await using listener = await listenOnLoopback(server);
        await using proxy = await startRecordingProxy({ target: listener.port });
        const tunnel = { HTTPS_PROXY: proxy.url };
        const endpoint = `https://${address}`;
        const distrusted = await listing(provider, endpoint, tunnel);
        assert.match(distrusted.message, /certificate/);
        assert.doesNotMatch(distrusted.message, /use-system-ca/);
        assert.deepEqual(seen, []);
        const trusted = { ...tunnel, [name]: paths(certificates.ca, certificates.dir) };
        const error = await listing(provider, endpoint, trusted);
        assert.ok(error instanceof StoreError && error.kind === 'denied', error.message);
        assert.ok(seen.length > 0);
      });
    }
  }
});
