import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../src/datadir/membership/peer-url.ts';
import { readWalOwner } from '../../src/datadir/wal/wal-owner.ts';
import { makeRig, type Rig } from './rig.ts';

const golden = `${projectRoot}test/fixtures/golden/etcd-3.5/gzip/store/`;

function flags(rig: Rig): readonly string[] {
  cpSync(golden, rig.home.join('store'), { recursive: true });
  const store = [
    '--storage-provider',
    'Local',
    '--store-container',
    rig.home.join('store'),
    '--store-prefix',
    'etcd-main',
  ];
  return ['initialize', ...store, '-d', 'data', '-o', 'json'];
}

interface Answer {
  readonly found: { readonly state: string };
  readonly action: string;
  readonly restored?: { readonly revision: number };
}

async function answer(rig: Rig, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { stdout, stderr, exitCode } = await rig.run(args, { env });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

describe('initialize', () => {
  it('restores what is missing or damaged, and keeps what is valid', async () => {
    await using rig = makeRig();
    const args = flags(rig);
    const first = await answer(rig, args);
    assert.deepEqual([first.found.state, first.action, first.restored?.revision], ['absent', 'restored', 122]);
    for (const mode of ['full', 'sanity']) {
      const again = await answer(rig, [...args, '--validation-mode', mode]);
      assert.deepEqual([again.found.state, again.action], ['valid', 'kept']);
    }
    truncateSync(rig.home.join('data/member/snap/db'), 10_000);
    const damaged = await answer(rig, args);
    assert.deepEqual([damaged.found.state, damaged.action], ['db_corrupt', 'restored']);
  });

  it('says in one line what it found and did', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run([...flags(rig), '-o', 'text', '--log-format', 'text']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Found: +absent\nAction: +restored\nRevision: +122$/m);
    assert.match(stderr, /^INFO\[\d{4}\] Checking for data directory structure validity\.\.\./m);
  });

  it('without a provider only looks', async () => {
    await using rig = makeRig();
    assert.deepEqual((await answer(rig, ['initialize', '-d', 'data', '-o', 'json'])).action, 'none');
  });

  it('succeeds with an empty store and moves member/ aside, so that a new member can start', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('empty/lost+found'), { recursive: true });
    mkdirSync(rig.home.join('data/member/snap'), { recursive: true });
    writeFileSync(rig.home.join('data/member/snap/db'), 'good once');
    writeFileSync(rig.home.join('data/config'), 'x');
    const store = ['--storage-provider', 'Local', '--store-container', rig.home.join('empty')];
    const { stdout, stderr, exitCode } = await rig.run(['initialize', ...store, '-d', 'data']);
    assert.equal(exitCode, 0, stderr);
    const kept = readdirSync(rig.home.join('data')).find((name) => name.startsWith('member.invalid-')) ?? '';
    assert.match(stdout, /^Action: +moved aside\n/m);
    assert.match(stdout, new RegExp(`^Kept aside: +.*${kept} \\(remove it once nothing of it is missed\\)$`, 'm'));
    assert.equal(readFileSync(rig.home.join('data', kept, 'snap/db'), 'utf8'), 'good once');
    assert.deepEqual(readdirSync(rig.home.join('data')).toSorted(), ['config', kept].toSorted());
  });

  for (const [what, container, prefix, message] of [
    ['a container that is not there', 'nowhere', '', /it does not exist; correct --store-container/],
    [
      'a container without anything in it',
      'bare',
      '',
      /its directory is empty, as where a volume is not mounted; make sure/,
    ],
    ['a mistyped prefix', 'store', 'typo', /its container holds some under "etcd-main"; correct --store-prefix/],
    ['the folder of the layout', 'store/etcd-main/v2', '', /snapshots are directly there.*; leave out \/v2/],
    [
      'the folder of the layout in the prefix',
      'store',
      'etcd-main/v2',
      /snapshots are directly there.*; leave out \/v2/,
    ],
  ] as const) {
    it(`touches nothing because of ${what}`, async () => {
      await using rig = makeRig();
      flags(rig);
      mkdirSync(rig.home.join('bare'));
      mkdirSync(rig.home.join('data/member/snap'), { recursive: true });
      writeFileSync(rig.home.join('data/member/snap/db'), 'good once');
      const place = prefix === '' ? [] : ['--store-prefix', prefix];
      const store = ['--storage-provider', 'Local', '--store-container', rig.home.join(container), ...place];
      const { stderr, exitCode } = await rig.run(['initialize', ...store, '-d', 'data']);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
      assert.deepEqual(readdirSync(rig.home.join('data')), ['member']);
      assert.equal(readFileSync(rig.home.join('data/member/snap/db'), 'utf8'), 'good once');
    });
  }

  it("does not restore one of several members that etcd's configuration names as if it were alone", async () => {
    await using rig = makeRig();
    const store = flags(rig);
    const conf = rig.home.join('etcd.conf.yaml');
    const env = { ETCD_CONF: conf };
    writeFileSync(conf, 'name: a\ninitial-cluster: a=http://127.0.0.1:1,b=http://127.0.0.1:2,c=http://127.0.0.1:3\n');
    mkdirSync(rig.home.join('data/member/snap'), { recursive: true });
    const refused = await rig.run(store, { env });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /names 3 members, and --initial-cluster is not given; give --name, --initial-cluster/);
    assert.deepEqual(readdirSync(rig.home.join('data')), ['member']);
    writeFileSync(conf, 'name: a\ninitial-cluster: a=http://127.0.0.1:1\n');
    assert.equal((await rig.run(store, { env })).exitCode, 0);
    for (const wrong of ['name: [', 'initial-cluster: a']) {
      writeFileSync(conf, wrong);
      const { exitCode, stderr } = await rig.run(store, { env });
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, /cannot use etcd's configuration .*etcd\.conf\.yaml/);
    }
  });

  it("restores the member that etcd's configuration has for the pod", async () => {
    await using rig = makeRig();
    const args = flags(rig);
    const conf = rig.home.join('etcd.conf.yaml');
    const urls = 'initial-advertise-peer-urls: {p-a: [http://a:1]}\nadvertise-client-urls: {p-a: [http://a:2]}\n';
    writeFileSync(conf, `initial-cluster: p-a=http://a:1\nmember-name-prefix: p\n${urls}`);
    const env = { ETCD_CONF: conf, POD_NAME: 'a' };
    assert.equal((await answer(rig, args, env)).action, 'restored');
    const plan = {
      name: 'p-a',
      initialCluster: parseInitialCluster('p-a=http://a:1'),
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: [parsePeerUrl('http://a:1')],
    };
    const { self: nodeId, clusterId } = planMembership(plan);
    const { signal } = new AbortController();
    assert.deepEqual(await readWalOwner(rig.home.join('data/member/wal'), { signal }), { nodeId, clusterId });
    truncateSync(rig.home.join('data/member/snap/db'), 0);
    writeFileSync(conf, `initial-cluster: p-a=http://127.0.0.1:1,b=http://127.0.0.1:9\n`);
    const refused = await rig.run(args, { env });
    assert.match(refused.stderr, /names 2 members, and --initial-cluster is not given/);
  });

  it('takes a container without a provider for a local directory, and says so first', async () => {
    await using rig = makeRig();
    flags(rig);
    const container = rig.home.join('store');
    for (const [args, env] of [
      [['--store-container', container, '--store-prefix', 'etcd-main'], {}],
      [['--store-prefix', 'etcd-main'], { STORAGE_CONTAINER: container }],
      [['--store-prefix', 'etcd-main'], { ETCDBRCTL_STORE_CONTAINER: container }],
    ] as const) {
      const { stdout, stderr, exitCode } = await rig.run(
        ['initialize', ...args, '-d', 'data', '--log-format', 'text'],
        {
          env,
        },
      );
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^Action: +restored$/m);
      assert.match(stderr, /^INFO\[\d{4}\] No --storage-provider is given: taking Local, a directory of this machine/);
      rmSync(rig.home.join('data'), { recursive: true });
    }
    const astray = await rig.run(['initialize', '--store-prefix', 'etcd-main', '-d', 'data']);
    assert.equal(astray.exitCode, 2);
    assert.match(astray.stderr, /cannot use --store-prefix: --storage-provider and --store-container are missing/);
  });

  it('guards the volume by POD_NAMESPACE', async () => {
    await using rig = makeRig();
    const args = flags(rig);
    await answer(rig, args, { POD_NAMESPACE: 'shoot--a' });
    const guard = rig.home.join('safe_guard');
    assert.equal(readFileSync(guard, 'utf8'), 'shoot--a');
    writeFileSync(guard, 'shoot--b');
    const { stderr, exitCode } = await rig.run(args, { env: { POD_NAMESPACE: 'shoot--a' } });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: [^\n]*was not made for the namespace "shoot--a"[^\n]*$/m);
    assert.ok(!stderr.includes('shoot--b'), stderr);
  });
});
