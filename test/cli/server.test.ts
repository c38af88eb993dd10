import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { etcdLines, etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { startApiServer } from '../support/servers/api-server.ts';
import { makeRig, type Rig } from './rig.ts';
import { type StartedServer, startedServer } from './started-server.ts';

/** A running server and its paths. */
interface Server extends StartedServer {
  /** The snapshot that a request answered with. */
  snapshot(
    path: string,
  ): Promise<{ readonly snapName: string; readonly startRevision: number; readonly lastRevision: number }>;
  until(path: string, body: string): Promise<void>;
}

async function startServer(
  rig: Rig,
  {
    endpoint,
    more = [],
    env = {},
  }: {
    readonly endpoint: string;
    readonly more?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Server> {
  const periods = ['--reelection-period=1100ms', '--delta-snapshot-period=1h', '--etcd-connection-timeout=5s'];
  const server = await startedServer(rig, { flags: [`--endpoints=${endpoint}`, ...periods, ...more], env });
  const { running, get } = server;
  return {
    ...server,
    snapshot: async (path) => {
      const { code, body } = await get(path);
      assert.equal(code, 200, `${path}: ${body}\n${running.stderr()}`);
      return JSON.parse(body);
    },
    until: async (path, wanted) => {
      let seen = '';
      await eventually(
        async () => {
          seen = (await get(path)).body;
          return seen === wanted ? true : undefined;
        },
        { describe: () => `${path} answers ${seen}\n${running.stderr()}` },
      );
    },
  };
}

/** Names in the secondary store. */
function copied(rig: Rig): readonly string[] {
  const dir = rig.home.join('second', 'v2');
  return existsSync(dir) ? readdirSync(dir).toSorted() : [];
}

function etcdConfigOf({ clientPort, peerPort }: { readonly clientPort: number; readonly peerPort: number }): string {
  return [
    'name: etcd-config',
    'data-dir: /var/etcd/data/new.etcd',
    `initial-cluster: main-0=http://127.0.0.1:${peerPort}`,
    'initial-cluster-state: new',
    `initial-advertise-peer-urls: { main-0: ["http://127.0.0.1:${peerPort}"] }`,
    `advertise-client-urls: { main-0: ["http://127.0.0.1:${clientPort}"] }`,
  ].join('\n');
}

function kubeconfigFor(url: URL): string {
  return [
    'current-context: c',
    `clusters: [{ name: k, cluster: { server: "${url.origin}", insecure-skip-tls-verify: true } }]`,
    'contexts: [{ name: c, context: { cluster: k, user: u } }]',
    'users: [{ name: u, user: { token: t } }]',
  ].join('\n');
}

for (const line of etcdLines) {
  describe(`a server beside an etcd ${line}`, () => {
    it('initializes its directory, backs it up while it leads, stores what is pending at SIGTERM, and goes on', async () => {
      await using rig = makeRig();
      const clientPort = await freePort();
      const endpoint = `http://127.0.0.1:${clientPort}`;
      const more = ['--storage-provider=Local', `--store-container=${rig.home.join('backup')}`];
      const secondary = [
        '--secondary-backup-sync-enabled',
        '--secondary-storage-provider=Local',
        `--secondary-store-container=${rig.home.join('second')}`,
        '--secondary-backup-sync-period=1s',
      ];
      const peerPort = await freePort();
      writeFileSync(rig.home.join('etcd.yaml'), etcdConfigOf({ clientPort, peerPort }));
      const pod = { POD_NAME: 'main-0', POD_NAMESPACE: 'shoot', ETCD_CONF: rig.home.join('etcd.yaml') };
      const first = await startServer(rig, { endpoint, env: pod, more });
      await first.running.saw(/How far back one can go: any moment since the newest full/);

      // What etcd-wrapper does before it starts etcd.
      assert.deepEqual(await first.get('/healthz'), { code: 503, body: '{"health":false}' });
      assert.deepEqual(await first.get('/initialization/status'), { code: 200, body: 'New' });
      assert.equal((await first.get('/initialization/start?mode=full')).code, 200);
      await first.until('/initialization/status', 'Successful');
      assert.equal((await first.get('/initialization/status')).body, 'New');
      assert.equal((await first.get('/snapshot/full')).code, 405);

      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        name: 'main-0',
        peerPort,
        dataDir: rig.home.join('etcd'),
        clientPort,
      });
      await first.until('/healthz', '{"health":true}');
      await first.running.saw(/"Applied watch on etcd/);
      await etcd.etcdctl('put', 'a', '1');
      const delta = await first.snapshot('/snapshot/delta');
      assert.deepEqual([delta.startRevision, delta.lastRevision], [2, 2]);
      assert.deepEqual(await first.get('/snapshot/delta'), { code: 200, body: 'null' });
      const full = await first.snapshot('/snapshot/full');
      assert.equal(full.lastRevision, 2);
      const latest = JSON.parse((await first.get('/snapshot/latest')).body);
      assert.deepEqual([latest.fullSnapshot.snapName, latest.deltaSnapshots], [full.snapName, null]);
      await etcd.etcdctl('put', 'b', '1');
      await first.stop();
      const names = readdirSync(join(rig.home.join('backup'), 'v2')).toSorted();
      assert.equal(names.filter((name) => name.startsWith('Incr-00000003-00000003')).length, 1, names.join());

      await using kubernetes = await startApiServer();
      kubernetes.create('shoot', 'main-full');
      kubernetes.create('shoot', 'main-delta');
      kubernetes.create('shoot', 'main-0');
      writeFileSync(rig.home.join('kubeconfig'), kubeconfigFor(kubernetes.url));
      const second = await startServer(rig, {
        endpoint,
        more: [
          ...more,
          ...secondary,
          '--verification-schedule=@every 3s',
          '--enable-snapshot-lease-renewal',
          '--full-snapshot-lease-name=main-full',
          '--delta-snapshot-lease-name=main-delta',
          '--enable-member-lease-renewal',
          '--k8s-heartbeat-duration=1s',
        ],
        env: { ...pod, KUBECONFIG: rig.home.join('kubeconfig') },
      });
      await second.until('/healthz', '{"health":true}');
      await second.running.saw(/Going on from the backup in the store, which reaches revision 3/);
      await second.running.saw(/"Applied watch on etcd/);
      await etcd.etcdctl('put', 'c', '1');
      const next = await second.snapshot('/snapshot/delta');
      assert.deepEqual([next.startRevision, next.lastRevision], [4, 4]);
      const chain = JSON.parse((await second.get('/snapshot/latest')).body);
      assert.deepEqual([chain.fullSnapshot.snapName, chain.deltaSnapshots.length], [full.snapName, 2]);
      const holders = (): readonly unknown[] =>
        ['main-full', 'main-delta', 'main-0'].map((name) => kubernetes.lease('shoot', name)?.spec['holderIdentity']);
      await eventually(() => (/^2,4,[0-9a-f]+:[0-9a-f]+:Leader$/.test(holders().join()) ? true : undefined), {
        describe: () => `${holders()}\n${second.running.stderr()}`,
      });
      const backupStatus = async () => JSON.parse((await second.get('/backup/status')).body);
      await eventually(async () => ((await backupStatus()).proof?.provableRevision === 4 ? true : undefined), {
        timeoutMs: 300_000, // The lowest priority, on one core that others may use.
        describe: () => second.running.stderr(),
      });
      const { proof, chain: known } = await backupStatus();
      assert.deepEqual([proof.outcome, proof.problems, known.full], ['sound', [], full.snapName]);
      const inStore = (): readonly string[] => readdirSync(rig.home.join('backup', 'v2'));
      assert.ok(inStore().some((name) => /^Proof-\d+-00000004-restore-sound\.json$/.test(name)));
      // The rules would delete the delta of the older chain, and a proof is about the store that it is in.
      const stored = inStore().filter((name) => !/^(?:Incr-00000002|Proof-)/.test(name));
      stored.sort();
      await eventually(() => (copied(rig).join() === stored.join() ? true : undefined), {
        describe: () => `${copied(rig).join()} in place of ${stored.join()}`,
      });
      // In a pod both get the signal at once.
      await etcd.etcdctl('put', 'd', '1');
      await Promise.all([second.stop(), etcd.stop()]);
    });
  });
}

describe('a server', () => {
  it('asks for the token of its file, and does not start with one that holds none', async () => {
    await using rig = makeRig();
    const file = rig.home.join('token');
    writeFileSync(file, '');
    const refused = await rig.run([
      'server',
      '--server-port=0',
      '--listen-address=127.0.0.1',
      `--auth-token-file=${file}`,
    ]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /cannot protect the server with .*token \(--auth-token-file\): it is empty/);
    writeFileSync(file, '0123456789abcdef-secret\n', { mode: 0o600 });
    const server = await startedServer(rig, { flags: [`--auth-token-file=${file}`] });
    assert.deepEqual([(await server.get('/metrics')).code, (await server.get('/livez')).code], [401, 200]);
    assert.ok(!(await server.stop()).includes('0123456789abcdef'));
  });

  it('ends with 0 at SIGTERM before etcd is up, and a second one on the same port says so in one line', async () => {
    await using rig = makeRig();
    const server = await startServer(rig, { endpoint: `http://127.0.0.1:${await freePort()}` });
    await server.running.saw(/No --storage-provider is given: nothing is backed up/);
    assert.equal((await server.get('/snapshot/full')).code, 405);
    const port = /port (\d+)/.exec(server.running.stderr())?.[1];
    const other = await rig.run(['server', `--server-port=${port}`, '--listen-address=127.0.0.1']);
    assert.equal(other.exitCode, 1);
    assert.match(other.stderr, /cannot listen/);
    await server.stop();
  });
});
