import assert from 'node:assert/strict';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../src/datadir/membership/peer-url.ts';
import { readWalOwner } from '../../src/datadir/wal/wal-owner.ts';
import { makeRig, type Rig } from './rig.ts';
import { type StartedServer, startedServer } from './started-server.ts';

interface Server extends StartedServer {
  /** Has the directory initialized and returns the last word. */
  initialize(): Promise<string>;
}

/** A server of the member `name`, next to an etcd that does not run yet, with the golden backup. */
async function startServer(
  rig: Rig,
  name: string,
  { members, more = [] }: { readonly members: Readonly<Record<string, string>>; readonly more?: readonly string[] },
): Promise<Server> {
  const config = rig.home.join('etcd.conf.yaml');
  const urls = Object.fromEntries(Object.entries(members).map(([member, url]) => [member, [url]]));
  const initialCluster = Object.entries(members).map(([member, url]) => `${member}=${url}`);
  writeFileSync(
    config,
    JSON.stringify({
      'initial-cluster': initialCluster.join(','),
      'initial-advertise-peer-urls': urls,
      'advertise-client-urls': urls,
      'quota-backend-bytes': 8_589_934_592,
    }),
  );
  cpSync(`${projectRoot}test/fixtures/golden/etcd-3.5/gzip/store/`, rig.home.join('store'), { recursive: true });
  const flags = [
    `--endpoints=http://127.0.0.1:${await freePort()}`,
    '--storage-provider=Local',
    `--store-container=${rig.home.join('store')}`,
    '--store-prefix=etcd-main',
    ...more,
  ];
  const server = await startedServer(rig, { flags, env: { ETCD_CONF: config, POD_NAME: name } });
  const { running, get } = server;
  return {
    ...server,
    initialize: async () => {
      await get('/initialization/start?mode=full');
      return await eventually(
        async () => {
          const { body } = await get('/initialization/status');
          return body === 'Progress' ? undefined : body;
        },
        { timeoutMs: 60_000, describe: () => running.stderr() },
      );
    },
  };
}

describe("a server and its member in etcd's configuration", () => {
  it('serves the configuration, and restores under the real name and peer URLs', async () => {
    await using rig = makeRig();
    const peerUrl = 'http://etcd-0.peer:2380';
    const server = await startServer(rig, 'etcd-0', { members: { 'etcd-0': peerUrl } });
    const { code, body } = await server.get('/config');
    assert.equal(code, 200, body);
    assert.match(body, /^quota-backend-bytes: 8589934592$/m);
    assert.equal(parse(body)['name'], 'etcd-0');
    assert.equal(await server.initialize(), 'Successful', server.running.stderr());
    const { self, clusterId } = planMembership({
      name: 'etcd-0',
      initialCluster: parseInitialCluster(`etcd-0=${peerUrl}`),
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: [parsePeerUrl(peerUrl)],
    });
    const owner = await readWalOwner(rig.home.join('etcd/member/wal'), { signal: new AbortController().signal });
    assert.deepEqual(owner, { nodeId: self, clusterId });
    await server.stop();
  });

  it('has a new member join its cluster as a learner', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5'), name: 'm0' });
    const server = await startServer(rig, 'm1', {
      members: { m0: etcd.peerUrl, m1: 'http://127.0.0.1:9' },
      more: [`--service-endpoints=${etcd.clientUrl}`],
    });
    assert.equal(await server.initialize(), 'Successful', server.running.stderr());
    assert.ok(!existsSync(rig.home.join('etcd/member')));
    assert.match(await etcd.etcdctl('member', 'list'), /, unstarted, , http:\/\/127\.0\.0\.1:9, , true/);
    const { body } = await server.get('/config');
    assert.equal(parse(body)['initial-cluster-state'], 'existing');
    await server.stop();
  });

  it('does not restore one of several that no cluster answers, and says what to do', async () => {
    await using rig = makeRig();
    const server = await startServer(rig, 'm1', {
      members: { m0: 'http://127.0.0.1:9', m1: 'http://127.0.0.1:10', m2: 'http://127.0.0.1:11' },
    });
    assert.equal(await server.initialize(), 'Failed');
    assert.ok(!existsSync(rig.home.join('etcd/member')));
    const { code, body } = await server.get('/config');
    assert.equal(code, 200, body);
    assert.match(
      await server.stop(),
      /no cluster answers.*start the other members.*if all members are lost: scale to 0/,
    );
  });
});
