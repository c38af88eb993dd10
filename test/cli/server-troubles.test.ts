import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { startApiServer } from '../support/servers/api-server.ts';
import { makeRig, type Rig } from './rig.ts';
import { type StartedServer, startedServer } from './started-server.ts';

const leases = [
  '--enable-snapshot-lease-renewal',
  '--full-snapshot-lease-name=full',
  '--delta-snapshot-lease-name=delta',
  '--enable-member-lease-renewal',
  '--k8s-heartbeat-duration=1s',
];

/** A server that backs up the etcd at `endpoint` to a directory. */
function startServer(
  rig: Rig,
  { endpoint, env }: { readonly endpoint: string; readonly env: Readonly<Record<string, string>> },
): Promise<StartedServer> {
  const store = ['--storage-provider=Local', `--store-container=${rig.home.join('backup')}`];
  const flags = [`--endpoints=${endpoint}`, '--reelection-period=1100ms', ...store, ...leases];
  return startedServer(rig, { flags, env });
}

async function takesFulls({ get, running }: StartedServer): Promise<void> {
  await eventually(async () => ((await get('/snapshot/full')).code === 200 ? true : undefined), {
    timeoutMs: 60_000,
    describe: () => running.stderr(),
  });
}

/** The last word of an initialization, and what is answered for the configuration. */
async function initialized({ get, running }: StartedServer): Promise<readonly [string, number, string]> {
  await get('/initialization/start');
  const word = await eventually(
    async () => {
      const { body } = await get('/initialization/status');
      return body === 'Progress' ? undefined : body;
    },
    { timeoutMs: 60_000, describe: () => running.stderr() },
  );
  const { code, body } = await get('/config');
  return [word, code, body];
}

describe('a server goes on and backs up', () => {
  for (const [title, text, reason] of [
    ['that is missing', undefined, /it does not exist/],
    ['that is no YAML', 'name: [', /cannot/],
    ['of another shape', 'initial-cluster: 7\n', /cannot/],
    ['without our member', 'initial-cluster: x=http://x:2380\nadvertise-client-urls: { x: [] }\n', /etcd-0/],
  ] as const) {
    it(`with a configuration of etcd ${title}, which /config tells with its reason`, async () => {
      await using rig = makeRig();
      await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
      const file = rig.home.join('etcd.yaml');
      if (text !== undefined) {
        writeFileSync(file, text);
      }
      const server = await startServer(rig, {
        endpoint: etcd.clientUrl,
        env: { POD_NAME: 'etcd-0', POD_NAMESPACE: 'shoot', ETCD_CONF: file },
      });
      await takesFulls(server);
      const { code, body } = await server.get('/config');
      assert.equal(code, 500, body);
      assert.match(body, reason);
      await server.stop();
    });
  }

  it('without POD_NAME and POD_NAMESPACE, and with a KUBECONFIG of another shape, each of which is said', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    writeFileSync(rig.home.join('etcd.yaml'), 'initial-cluster: etcd-0=http://etcd-0:2380\n');
    writeFileSync(rig.home.join('kubeconfig'), 'clusters: 7\n');
    const env = { ETCD_CONF: rig.home.join('etcd.yaml'), KUBECONFIG: rig.home.join('kubeconfig') };
    const server = await startServer(rig, { endpoint: etcd.clientUrl, env });
    await takesFulls(server);
    const { code, body } = await server.get('/config');
    assert.equal(code, 500, body);
    assert.match(body, /POD_NAME/);
    assert.match(await server.stop(), /POD_NAME/);
    const named = await startServer(rig, {
      endpoint: etcd.clientUrl,
      env: { ...env, POD_NAME: 'etcd-0', POD_NAMESPACE: 'shoot' },
    });
    await takesFulls(named);
    await named.running.saw(/the kubeconfig \S+ (?:cannot be read or understood|names no server)/);
    await named.stop();
  });

  it('with an account that may do nothing with leases, which is said once for each', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    await using kubernetes = await startApiServer();
    kubernetes.rights.clear();
    const cluster = `{ server: "${kubernetes.url.origin}" }`;
    writeFileSync(
      rig.home.join('kubeconfig'),
      `current-context: c\nclusters: [{ name: k, cluster: ${cluster} }]\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\nusers: [{ name: u, user: {} }]\n`,
    );
    const env = { POD_NAME: 'etcd-0', POD_NAMESPACE: 'shoot', KUBECONFIG: rig.home.join('kubeconfig') };
    const server = await startServer(rig, { endpoint: etcd.clientUrl, env });
    await takesFulls(server);
    await server.running.saw(/let the pod's service account get and patch leases in shoot/);
    assert.equal((await server.get('/healthz')).code, 200);
    await server.stop();
  });
});

describe('a server whose etcd does not run', () => {
  it('fails an initialization that does not know our member of several, and answers', async () => {
    await using rig = makeRig();
    const members = 'etcd-0=http://127.0.0.1:9,etcd-1=http://127.0.0.1:10';
    writeFileSync(rig.home.join('etcd.yaml'), `initial-cluster: ${members}\n`);
    const env = { ETCD_CONF: rig.home.join('etcd.yaml') };
    const server = await startServer(rig, { endpoint: `http://127.0.0.1:${await freePort()}`, env });
    const [word, code, reason] = await initialized(server);
    assert.equal(word, 'Failed');
    assert.equal(code, 500);
    assert.match(reason, /POD_NAME/);
    assert.equal((await server.get('/healthz')).code, 503);
    assert.match(await server.stop(), /POD_NAME/);
  });
});
