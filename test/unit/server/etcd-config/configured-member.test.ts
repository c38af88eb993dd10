import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { configuredMember, membershipPlan } from '../../../../src/server/etcd-config/configured-member.ts';
import type { EtcdConfig } from '../../../../src/server/etcd-config/etcd-config.ts';
import { readEtcdConfig } from '../../../../src/server/etcd-config/read-etcd-config.ts';

async function configWith(text: string): Promise<EtcdConfig> {
  using dir = makeTempDir();
  const path = dir.join('etcd.conf.yaml');
  writeFileSync(path, text);
  const config = await readEtcdConfig(path);
  assert.ok(config !== undefined);
  return config;
}

const three = 'initial-cluster: "a=http://a:2380,b=http://b:2380,c=http://c:2380"';
const peers = 'initial-advertise-peer-urls: {a: [http://a:2380]}';
const clients = 'advertise-client-urls: {a: [http://a:2379, http://10.0.0.1:2379]}';

test('our member is found by the name of its pod', async () => {
  const config = await configWith([three, peers, clients].join('\n'));
  const own = configuredMember(config, 'a');
  assert.deepEqual(
    { ...own, initialCluster: [...own.initialCluster.keys()] },
    {
      name: 'a',
      peerUrls: ['http://a:2380'],
      clientUrls: ['http://a:2379', 'http://10.0.0.1:2379'],
      initialCluster: ['a', 'b', 'c'],
    },
  );
  assert.equal(config.members, 3);
  const plan = membershipPlan(config, own);
  assert.deepEqual(
    [plan.name, plan.initialClusterToken, plan.initialAdvertisePeerUrls],
    ['a', 'etcd-cluster', ['http://a:2380']],
  );
  const named = await configWith([three, peers, clients, 'initial-cluster-token: mine'].join('\n'));
  assert.equal(membershipPlan(named, own).initialClusterToken, 'mine');
});

test('a prefix goes before the name of the pod, when there is one', async () => {
  const single = (name: string) =>
    `initial-cluster: ${name}=http://a:2380\ninitial-advertise-peer-urls: http://a:2380\nadvertise-client-urls: http://a:2379`;
  for (const prefix of ['', 'member-name-prefix:', 'member-name-prefix: ""']) {
    assert.equal(configuredMember(await configWith(`${single('a')}\n${prefix}`), 'a').name, 'a');
  }
  assert.equal(configuredMember(await configWith(`${single('p-a')}\nmember-name-prefix: p`), 'a').name, 'p-a');
});

const wrong: readonly (readonly [text: string, pod: string | undefined, found: RegExp])[] = [
  [[three, peers, clients].join('\n'), undefined, /POD_NAME is not set; set it to the name of the pod/],
  [[three, peers, clients].join('\n'), 'x', /initial-cluster names a, b, c, and this member is called x by its pod/],
  [[peers, clients].join('\n'), 'a', /initial-cluster is missing/],
  [`initial-cluster: a\n${peers}\n${clients}`, 'a', /initial-cluster: it is not NAME=URL/],
  [`initial-cluster: [a]\n${peers}\n${clients}`, 'a', /initial-cluster is no text/],
  [`${three}\n${peers}\n${clients}\nmember-name-prefix: {}`, 'a', /member-name-prefix is no text/],
  [`${three}\n${clients}`, 'a', /initial-advertise-peer-urls is missing/],
  [`${three}\n${peers}`, 'a', /advertise-client-urls is missing/],
  [`${three}\n${peers}\n${clients}`, 'b', /initial-advertise-peer-urls has no entry for b/],
  [`${three}\n${peers}\nadvertise-client-urls: {a: []}`, 'a', /advertise-client-urls has no URL for a/],
  [
    `${three}\n${peers}\nadvertise-client-urls: {a: http://a:2379}`,
    'a',
    /advertise-client-urls of a is no list of URLs/,
  ],
  [`${three}\n${peers}\nadvertise-client-urls: {a: [7]}`, 'a', /advertise-client-urls of a is no list of URLs/],
  [`${three}\n${peers}\nadvertise-client-urls: [http://a:2379]`, 'a', /is no list of URLs by member name/],
  [`${three}\n${peers}\nadvertise-client-urls: 12`, 'a', /is no list of URLs by member name/],
  [
    `${three}\n${peers}\nadvertise-client-urls: {a: [http://u:secret@a:1]}`,
    'a',
    /advertise-client-urls of a: it holds a user name/,
  ],
  [`${three}\ninitial-advertise-peer-urls: {a: [a:2380]}\n${clients}`, 'a', /http:\/\/ or https:\/\/ is missing/],
  [`${three}\n${peers}\nadvertise-client-urls: http://a:2379`, 'a', /is one text, and there are several members/],
  [
    'initial-cluster: __proto__=http://a:1\nadvertise-client-urls: {}\ninitial-advertise-peer-urls: {}',
    '__proto__',
    /has no entry for __proto__/,
  ],
];

for (const [text, pod, found] of wrong) {
  test(`refused: ${found.source}`, async () => {
    const config = await configWith(text);
    assert.throws(
      () => configuredMember(config, pod),
      (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, 'member_config');
        assert.match(error.message, found);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}
