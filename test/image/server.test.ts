import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { describe, it } from 'node:test';
import { makeCertificates } from '../../scripts/lab/certificates.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { listenOnLoopback } from '../support/servers/loopback-listener.ts';
import { startContainer } from './container.ts';

const nonroot = 65_532;

/** An emulator takes its time, above all where others work. */
const patience = { timeoutMs: 200_000 };

/** A directory of the image's user with copies of these files, as a runtime mounts secrets. */
function mounted(dir: TempDir, name: string, files: Readonly<Record<string, string>> = {}): string {
  chmodSync(dir.path, 0o755);
  mkdirSync(dir.join(name), { mode: 0o700 });
  chownSync(dir.join(name), nonroot, nonroot);
  for (const [file, source] of Object.entries(files)) {
    copyFileSync(source, dir.join(name, file));
    chownSync(dir.join(name, file), nonroot, nonroot);
  }
  return dir.join(name);
}

async function asked(url: URL, ca: string): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const asking = request(url, { ca, timeout: 60_000 }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body += text;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
  asking.on('timeout', () => asking.destroy(new Error(`no answer from ${url} in a minute`)));
  asking.on('error', reject);
  asking.end();
  return await promise;
}

describe('the sidecar of the image', () => {
  it('backs up an etcd with TLS, answers with TLS, and ends when it is asked to, as the first process of its container', async () => {
    await using certificates = await makeCertificates();
    const { server, client, ca } = certificates;
    await using etcd = await startEtcd({ release: await etcdRelease('3.5'), tls: { server, ca, client } });
    await etcd.etcdctl('put', 'a', '1');
    using dir = makeTempDir();
    const port = await freePort();
    const config = mounted(dir, 'config');
    const name = 'etcd-main-0';
    writeFileSync(
      `${config}/etcd.conf.yaml`,
      JSON.stringify({
        name: 'etcd-config',
        'initial-cluster': `${name}=${etcd.peerUrl}`,
        'initial-advertise-peer-urls': { [name]: [etcd.peerUrl] },
        'advertise-client-urls': { [name]: [etcd.clientUrl] },
      }),
    );
    const volumes = {
      '/var/etcd/data': mounted(dir, 'data'),
      '/var/etcd/config': config,
      '/var/etcd/ssl': mounted(dir, 'ssl', { 'ca.crt': ca, 'tls.crt': client.cert, 'tls.key': client.key }),
      '/var/etcdbr/ssl': mounted(dir, 'own', { 'tls.crt': server.cert, 'tls.key': server.key }),
      '/home/nonroot/backup': mounted(dir, 'backup'),
    };
    await using sidecar = await startContainer(
      [
        'server',
        `--server-port=${port}`,
        `--endpoints=${etcd.clientUrl}`,
        '--data-dir=/var/etcd/data/new.etcd',
        '--snapstore-temp-directory=/var/etcd/data/temp',
        '--restoration-temp-snapshots-dir=/var/etcd/data/restoration.temp',
        '--storage-provider=Local',
        '--store-container=backup',
        '--insecure-transport=false',
        '--cacert=/var/etcd/ssl/ca.crt',
        '--cert=/var/etcd/ssl/tls.crt',
        '--key=/var/etcd/ssl/tls.key',
        '--server-cert=/var/etcdbr/ssl/tls.crt',
        '--server-key=/var/etcdbr/ssl/tls.key',
      ],
      { variables: { HOME: '/home/nonroot', POD_NAME: name, POD_NAMESPACE: 'shoot' }, volumes },
    );
    const ask = async (path: string) =>
      await asked(new URL(path, `https://localhost:${port}`), readFileSync(ca, 'utf8'));
    await eventually(async () => ((await ask('/healthz').catch(() => undefined))?.status === 200 ? true : undefined), {
      ...patience,
      describe: () => `it is not healthy:\n${sidecar.stderr()}`,
    });
    const full = await eventually(async () => {
      const { status, body } = await ask('/snapshot/full');
      return status === 200 ? (JSON.parse(body) as { readonly lastRevision: number }) : undefined;
    }, patience);
    assert.equal(full.lastRevision, 2);
    assert.equal((await ask('/config')).status, 200);
    await etcd.etcdctl('put', 'b', '1');
    sidecar.signal('SIGTERM');
    const { status, stderr } = await sidecar.ended;
    assert.equal(status, 0, stderr);
    const stored = readdirSync(dir.join('backup', 'v2'));
    assert.ok(
      stored.some((each) => /^Incr-0*3-0*3-/.test(each)),
      `the last write is stored: ${stored.join()}`,
    );
  });
});

describe('a store with TLS', () => {
  const place = '/etc/ssl/certs/ca-certificates.crt';
  for (const [what, options, expected] of [
    [
      'is not trusted when its authority is none of Debian',
      () => ({}),
      /certificate is not accepted: its authority is not known here/,
    ],
    [
      'is trusted when its authority takes the place of those of the image',
      (ca: string) => ({ volumes: { [place]: ca } }),
      /the store answered 403/,
    ],
    [
      'is trusted when SSL_CERT_FILE names its authority',
      (ca: string) => ({ volumes: { '/trust.crt': ca }, variables: { SSL_CERT_FILE: '/trust.crt' } }),
      /the store answered 403/,
    ],
  ] as const) {
    it(what, async () => {
      await using certificates = await makeCertificates();
      const { server, ca } = certificates;
      let requests = 0;
      const store = createServer({ cert: readFileSync(server.cert), key: readFileSync(server.key) }, (_, response) => {
        requests += 1;
        response.writeHead(403).end();
      });
      await using listener = await listenOnLoopback(store);
      using dir = makeTempDir();
      const trusted = mounted(dir, 'trust', { 'ca.crt': ca });
      const { volumes = {}, variables = {} }: { volumes?: Record<string, string>; variables?: Record<string, string> } =
        options(`${trusted}/ca.crt`);
      await using run = await startContainer(['list', '--storage-provider=S3', '--store-container=bucket'], {
        volumes,
        variables: {
          ...variables,
          AWS_ACCESS_KEY_ID: 'a',
          AWS_SECRET_ACCESS_KEY: 'b',
          AWS_REGION: 'eu',
          AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${listener.port}`,
        },
      });
      const { status, stderr } = await run.ended;
      assert.equal(status, 1);
      assert.match(stderr, expected);
      assert.equal(requests > 0, stderr.includes('answered'), stderr);
    });
  }
});
