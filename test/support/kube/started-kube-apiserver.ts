import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { issueCertificate, makeAuthority } from '../../../scripts/lab/certificates.ts';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { kubeApiServerFromSource } from '../../../scripts/lab/kube-apiserver-from-source.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { KubeClient } from './kube-client.ts';

/** A real API server. Disposing ends it; its etcd stays. */
export interface StartedKubeApiServer extends AsyncDisposable {
  /** May do everything. */
  readonly admin: KubeClient;
  /** The token of a service account, which is made where it is missing. */
  tokenOf(account: { readonly namespace: string; readonly name: string }): Promise<string>;
  log(): string;
  /** Ends it, as for a restore of its etcd. */
  stop(): Promise<void>;
  /** Starts it again at the same address; its etcd may hold something else by now. Waits until it is ready. */
  start(): Promise<void>;
}

/** How long it may take to end, ms: it waits for the requests that it serves. */
const graceMs = 60_000;
const adminToken = 'token-of-the-admin';

/** Starts kube-apiserver with RBAC on an etcd without TLS, and waits until it is ready. There are no controllers: objects stay what they are. */
export async function startKubeApiServer(etcdUrl: string): Promise<StartedKubeApiServer> {
  const program = await kubeApiServerFromSource();
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(makeTempDir());
  const authority = await makeAuthority(dir.path, 'ca');
  const issue = (file: string) =>
    issueCertificate(dir.path, authority, {
      file,
      name: 'kube-apiserver',
      altNames: 'DNS:localhost,IP:127.0.0.1',
      days: 1,
    });
  const [server, accounts] = [await issue('server'), await issue('accounts')];
  writeFileSync(
    dir.join('accounts.pub'),
    createPublicKey(readFileSync(accounts.key)).export({ type: 'spki', format: 'pem' }),
  );
  writeFileSync(dir.join('tokens.csv'), `${adminToken},admin,admin,system:masters\n`);
  const port = await freePort();
  const args = [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${server.cert}`,
    `--tls-private-key-file=${server.key}`,
    `--token-auth-file=${dir.join('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${dir.join('accounts.pub')}`,
    `--service-account-signing-key-file=${accounts.key}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--allow-privileged=true',
    // Without it watches are not told of the end, and it waits for them for as long as a request may take, a minute.
    '--shutdown-watch-termination-grace-period=2s',
  ];
  const url = new URL(`https://127.0.0.1:${port}`);
  const admin = stack.use(new KubeClient({ url, ca: readFileSync(authority.cert, 'utf8'), token: adminToken }));
  let child: Child | undefined;
  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    const askedAt = performance.now();
    await ending?.end('SIGTERM', { graceMs: graceMs + 5_000 });
    if (performance.now() - askedAt > graceMs) {
      throw new Error(`kube-apiserver did not end by itself:\n${ending?.output().slice(-4_000)}`);
    }
  };
  stack.defer(stop);
  const start = async (): Promise<void> => {
    const started = startChild(program, args, { env: { HOME: dir.path } });
    child = started;
    await eventually(
      async () => {
        if (started.hasExited()) {
          throw new Error(`kube-apiserver ended during its start:\n${started.output().slice(-4_000)}`);
        }
        const ready = await admin.request('GET', '/readyz').catch(() => undefined);
        return ready?.status === 200 ? true : undefined;
      },
      {
        timeoutMs: 180_000,
        intervalMs: 200,
        describe: () => `kube-apiserver did not become ready:\n${started.output().slice(-4_000)}`,
      },
    );
  };
  await start();
  const owned = stack.move();
  return {
    admin,
    tokenOf: async ({ namespace, name }) => {
      await admin.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { status } = await admin.expect('POST', path, {
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      });
      return (status as { readonly token: string }).token;
    },
    log: () => child?.output() ?? '',
    stop,
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
