import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { MembershipPlan } from '../../../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { configuredPeerUrls } from '../../../../src/server/member/configured-peer-urls.ts';
import { andPeers, resolvedMember } from '../../../../src/server/member/resolved-member.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { soleMember } from '../../../support/fixtures/restore-request.ts';

const flags = soleMember('http://localhost:2380');
const several: MembershipPlan = {
  ...flags,
  initialCluster: parseInitialCluster('default=http://localhost:2380,b=http://b:1'),
};
const urls = (...names: readonly string[]): string =>
  `{${names.map((name) => `${name}: [http://${name}:2380]`).join(', ')}}`;
const configOf = (...names: readonly string[]): string =>
  `initial-cluster: "${names.map((name) => `${name}=http://${name}:2380`).join(',')}"
initial-cluster-token: mine
initial-advertise-peer-urls: ${urls(...names)}
advertise-client-urls: ${urls(...names)}
`;

interface Given {
  readonly config?: string;
  readonly podName?: string;
  readonly flags?: MembershipPlan;
  readonly flagsGiven?: true;
}

async function resolved(given: Given) {
  using dir = makeTempDir();
  const etcdConfigFile = dir.join('etcd.conf.yaml');
  if (given.config !== undefined) {
    writeFileSync(etcdConfigFile, given.config);
  }
  const log = new RecordedLog();
  const sources = {
    etcdConfigFile,
    podName: given.podName,
    flags: given.flags ?? flags,
    flagsGiven: given.flagsGiven ?? false,
  };
  const { plan, members } = await resolvedMember(sources, { log });
  return {
    name: plan.name,
    token: plan.initialClusterToken,
    peers: plan.initialAdvertisePeerUrls,
    members,
    warned: log.lines.length,
  };
}

const byFlags = { name: 'default', token: 'etcd-cluster', peers: ['http://localhost:2380'] };

test('a restore writes the real name and peer URLs where configuration and pod say them', async () => {
  assert.deepEqual(await resolved({ config: configOf('m0'), podName: 'm0' }), {
    name: 'm0',
    token: 'mine',
    peers: ['http://m0:2380'],
    members: 1,
    warned: 0,
  });
  assert.equal((await resolved({ config: configOf('m0', 'm1'), podName: 'm1' })).members, 2);
});

test('flags that are given win, and fill in where nothing else is known', async () => {
  assert.deepEqual(await resolved({}), { ...byFlags, members: 1, warned: 0 });
  assert.deepEqual(await resolved({ config: configOf('m0') }), { ...byFlags, members: 1, warned: 0 });
  assert.deepEqual(await resolved({ config: configOf('m0'), podName: 'm0', flagsGiven: true }), {
    ...byFlags,
    members: 1,
    warned: 0,
  });
  assert.equal((await resolved({ config: configOf('a', 'b'), podName: 'a', flagsGiven: true })).members, 2);
  const given = await resolved({ config: 'name: [', podName: 'a', flags: several, flagsGiven: true });
  assert.deepEqual([given.name, given.members], ['default', 2]);
});

test('a single member that is not shown clearly is that of the flags; one of several is refused', async () => {
  assert.deepEqual(await resolved({ config: configOf('m0'), podName: 'x' }), { ...byFlags, members: 1, warned: 1 });
  await assert.rejects(resolved({ config: configOf('m0', 'm1'), podName: 'x' }), { code: 'member_config' });
  await assert.rejects(resolved({ config: configOf('m0', 'm1') }), {
    code: 'member_config',
    message: /POD_NAME is not set/,
  });
  await assert.rejects(resolved({ config: 'name: [', podName: 'm0' }), { code: 'member_config' });
});

test('the peers are all but our member', () => {
  assert.deepEqual(andPeers(several), {
    name: 'default',
    peerUrls: ['http://localhost:2380'],
    otherNames: ['b'],
    otherPeerUrls: ['http://b:1'],
  });
});

test('peer URLs are followed only where a configuration has them', async () => {
  using dir = makeTempDir();
  const path = dir.join('etcd.conf.yaml');
  assert.equal(await configuredPeerUrls(path, 'm0'), undefined);
  writeFileSync(path, configOf('m0'));
  assert.equal(await configuredPeerUrls(path, undefined), undefined);
  assert.deepEqual((await configuredPeerUrls(path, 'm0'))?.peerUrls, ['http://m0:2380']);
});
