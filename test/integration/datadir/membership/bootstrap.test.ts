import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type MembershipPlan, planMembership } from '../../../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { InvalidMembership } from '../../../../src/datadir/membership/invalid-membership.ts';
import { type PeerUrl, parsePeerUrl } from '../../../../src/datadir/membership/peer-url.ts';
import { writeRaftState } from '../../../../src/datadir/membership/raft-state.ts';

const THREE = 'a=http://10.0.0.1:2380,b=https://b.example.com:2380,a=http://10.0.0.2:12380,c=http://[::1]:2380';
const PODS = [0, 1, 2].map((pod) => `etcd-main-${pod}=HTTPS://etcd-main-${pod}.etcd-main-peer.NS.svc:2380`).join(',');

/**
 * What etcdutl 3.5.16 and etcdctl 3.4.23 `snapshot restore` wrote for the same options: ids, SHA-256 of the .snap file
 * (the same in both versions) and of the WAL of 3.5.16 up to its last record.
 */
const GOLDEN: readonly {
  readonly plan: MembershipPlan;
  readonly clusterId: string;
  readonly members: readonly string[];
  readonly self: string;
  readonly snap: string;
  readonly wal: { readonly bytes: number; readonly sha256: string };
}[] = [
  {
    plan: {
      name: 'default',
      initialCluster: parseInitialCluster('default=http://localhost:2380'),
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: peerUrls('http://localhost:2380'),
    },
    clusterId: 'cdf818194e3a8c32',
    members: ['8e9e05c52164694d'],
    self: '8e9e05c52164694d',
    snap: '391e233526d2ed237b95d33b9d3c7975cf3db23b1913a478baacdeee4177b533',
    wal: { bytes: 288, sha256: '5d6ef1158b8cf9062b717f2d86ae1cf6ef98f09cb5a0af0f259a839ff2050928' },
  },
  {
    plan: {
      name: 'a',
      initialCluster: parseInitialCluster(THREE),
      initialClusterToken: 'tok-1',
      initialAdvertisePeerUrls: peerUrls('http://10.0.0.2:12380', 'http://10.0.0.1:2380'),
    },
    clusterId: '82a5a82ed230684d',
    members: ['bf18ee074eb244f3', 'c74a4aea635457f1', 'ed2f3fb975e1e922'],
    self: 'c74a4aea635457f1',
    snap: '393f8775ac88a4fdfac228ee7779c3feb3f769dec1bcfe2dfe7e4a65dc6dd31f',
    wal: { bytes: 576, sha256: '70fc32aa80674c2b29dd982c892e9a8917952c86fa219763f263787f5ce3a6c4' },
  },
  {
    plan: {
      name: 'b',
      initialCluster: parseInitialCluster(THREE),
      initialClusterToken: 'tok-1',
      initialAdvertisePeerUrls: peerUrls('https://b.example.com:2380'),
    },
    clusterId: '82a5a82ed230684d',
    members: ['bf18ee074eb244f3', 'c74a4aea635457f1', 'ed2f3fb975e1e922'],
    self: 'ed2f3fb975e1e922',
    snap: '393f8775ac88a4fdfac228ee7779c3feb3f769dec1bcfe2dfe7e4a65dc6dd31f',
    wal: { bytes: 576, sha256: '92f3a29c2c95969b30d845951af176398fcf125259f86fead680c0335e9c2d74' },
  },
  {
    plan: {
      name: 'etcd-main-0',
      initialCluster: parseInitialCluster(PODS),
      initialClusterToken: 'new',
      initialAdvertisePeerUrls: peerUrls('https://etcd-main-0.etcd-main-peer.NS.svc:2380'),
    },
    clusterId: 'c6ccdd2edf497213',
    members: ['8a2e698744f565c6', '9146881118bb291f', 'eb22f94f7bbd45e4'],
    self: 'eb22f94f7bbd45e4',
    snap: 'b7f097f339a5f77d8012c58c49ccd734ad44b993fca192633cef86ece4ecbabe',
    wal: { bytes: 664, sha256: '46cc36d7b4357ecceef3646c6bf34265f0719c1c59d193623a74f8a8c3d00f95' },
  },
  {
    plan: {
      name: 'm<&>"é',
      initialCluster: parseInitialCluster('m<&>"é=http://127.0.0.1:80'),
      initialClusterToken: '',
      initialAdvertisePeerUrls: peerUrls('http://127.0.0.1:80'),
    },
    clusterId: '791bdeec0a460fe4',
    members: ['936807bdbc3cb931'],
    self: '936807bdbc3cb931',
    snap: '8ec15ea7fc341c4d0c31c5104ec970779b14056c6498b0cdf7ed9c181c06fee9',
    wal: { bytes: 304, sha256: '3785393947b592c11f7250445275d7bea64056dba4074f788c6f9daac04c995c' },
  },
];

for (const golden of GOLDEN) {
  test(`ids, .snap and WAL of ${golden.plan.name} in a cluster of ${golden.plan.initialCluster.size} are those of etcdutl`, async (t) => {
    const bootstrap = planMembership(golden.plan);
    assert.equal(bootstrap.clusterId.toString(16), golden.clusterId);
    assert.equal(bootstrap.self.toString(16), golden.self);
    assert.deepEqual(
      bootstrap.members.map((member) => member.id.toString(16)),
      golden.members,
    );

    const directory = await mkdtemp(path.join(tmpdir(), 'bootstrap-'));
    t.after(() => rm(directory, { recursive: true }));
    await writeRaftState(directory, bootstrap, { signal: new AbortController().signal });
    const count = bootstrap.members.length.toString(16).padStart(16, '0');
    const snapFile = path.join(directory, 'snap', `0000000000000001-${count}.snap`);
    assert.equal(sha256(await readFile(snapFile)), golden.snap);

    const walFile = path.join(directory, 'wal', '0000000000000000-0000000000000000.wal');
    const wal = await readFile(walFile);
    assert.equal(wal.length, 64_000_000);
    assert.equal(sha256(wal.subarray(0, golden.wal.bytes)), golden.wal.sha256);
    assert.ok(wal.subarray(golden.wal.bytes).equals(Buffer.alloc(wal.length - golden.wal.bytes)));

    assert.deepEqual(await readdir(path.join(directory, 'wal')), ['0000000000000000-0000000000000000.wal']);
    for (const [file, mode] of [
      [snapFile, 0o600],
      [walFile, 0o600],
      [path.dirname(walFile), 0o700],
      [path.dirname(snapFile), 0o700],
    ] as const) {
      assert.equal((await stat(file)).mode & 0o777, mode, file);
    }
  });
}

test('the db gets members, an empty list of removed ones, and index, term and voters of the new log', () => {
  const { bucketEntries } = planMembership(plan({}));
  const text = Object.fromEntries(
    Array.from(bucketEntries, ([bucket, entries]) => [
      bucket,
      entries.map(({ key, value }) => [
        Buffer.from(key).toString(),
        Buffer.from(value).toString(value.length === 8 ? 'hex' : 'utf8'),
      ]),
    ]),
  );
  assert.deepEqual(text, {
    members: [
      ['bf18ee074eb244f3', '{"id":13770017575837779187,"peerURLs":["http://[::1]:2380"],"name":"c"}'],
      [
        'c74a4aea635457f1',
        '{"id":14360372732373522417,"peerURLs":["http://10.0.0.1:2380","http://10.0.0.2:12380"],"name":"a"}',
      ],
      ['ed2f3fb975e1e922', '{"id":17090949176673560866,"peerURLs":["https://b.example.com:2380"],"name":"b"}'],
    ],
    members_removed: [],
    meta: [
      ['confState', '{"voters":[13770017575837779187,14360372732373522417,17090949176673560866],"auto_leave":false}'],
      ['consistent_index', '0000000000000003'],
      ['term', '0000000000000001'],
    ],
  });
});

const REFUSED: readonly [string, Partial<MembershipPlan>, RegExp][] = [
  ['a name that is not in the cluster', { name: 'd' }, /^--name="d": --initial-cluster names only a, b, c$/],
  ['no advertised URL', { initialAdvertisePeerUrls: [] }, /^--initial-advertise-peer-urls="": it is empty/],
  [
    'advertised URLs that differ from those in the cluster',
    { initialAdvertisePeerUrls: peerUrls('http://10.0.0.1:2380') },
    /^--initial-advertise-peer-urls="http:\/\/10\.0\.0\.1:2380": --initial-cluster has http:\/\/10\.0\.0\.1:2380,http:\/\/10\.0\.0\.2:12380 for this member/,
  ],
];

for (const [what, change, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => planMembership(plan(change)),
      (error) => error instanceof InvalidMembership && message.test(error.message),
    );
  });
}

test('an aborted signal stops the writing before anything is made', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'bootstrap-'));
  t.after(() => rm(directory, { recursive: true }));
  const signal = AbortSignal.abort(new Error('stop'));
  await assert.rejects(writeRaftState(directory, planMembership(plan({})), { signal }), /stop/);
  assert.deepEqual(await readdir(directory), []);
});

function plan(change: Partial<MembershipPlan>): MembershipPlan {
  return {
    name: 'a',
    initialCluster: parseInitialCluster(THREE),
    initialClusterToken: 'tok-1',
    initialAdvertisePeerUrls: peerUrls('http://10.0.0.2:12380', 'http://10.0.0.1:2380'),
    ...change,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function peerUrls(...texts: readonly string[]): readonly PeerUrl[] {
  return texts.map(parsePeerUrl);
}
