import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { ClusterMember } from '../../../../src/etcd/members.ts';
import { configDocument } from '../../../../src/server/etcd-config/config-document.ts';
import { configuredMember } from '../../../../src/server/etcd-config/configured-member.ts';
import { readEtcdConfig } from '../../../../src/server/etcd-config/read-etcd-config.ts';

const golden = (name: string): string => new URL(`golden/${name}.yaml`, import.meta.url).pathname;

function voter(name: string, peerUrl: string): ClusterMember {
  return { id: BigInt(name.length), name, peerUrls: [peerUrl], clientUrls: [], isLearner: false };
}

const learner = (peerUrl: string, name?: string): ClusterMember => ({
  ...voter('', peerUrl),
  name,
  isLearner: true,
});

const m0 = voter('shoot-m-0', 'http://m-0:2380');
const m1 = voter('shoot-m-1', 'http://m-1:2380');
const m2 = voter('shoot-m-2', 'http://m-2:2380');

interface Case {
  readonly title: string;
  readonly input: string;
  readonly pod: string;
  readonly members?: readonly ClusterMember[];
  readonly exists?: true;
  readonly output: string;
}

const cases: readonly Case[] = [
  { title: 'one member, and integers stay integers', input: 'one-member', pod: 'etcd-main-0', output: 'one-member' },
  {
    title: "etcd's own texts, and what passes as it is written",
    input: 'plain-strings',
    pod: 'etcd-0',
    output: 'plain-strings',
  },
  { title: 'three members, and nobody answers', input: 'three-members', pod: 'm-1', output: 'three-members' },
  {
    title: 'three members, one of them alone',
    input: 'three-members',
    pod: 'm-1',
    members: [m0],
    output: 'three-members',
  },
  {
    title: 'three members, all voting',
    input: 'three-members',
    pod: 'm-1',
    members: [m0, m1, m2],
    output: 'three-members',
  },
  {
    title: 'we are a learner that has not started',
    input: 'three-members',
    pod: 'm-1',
    members: [m0, learner('http://m-1:2380')],
    output: 'three-members-two-exist',
  },
  {
    title: 'we are a learner',
    input: 'three-members',
    pod: 'm-1',
    members: [m0, learner('http://m-1:2380', 'shoot-m-1')],
    output: 'three-members-two-exist',
  },
  {
    title: 'another learner has not started',
    input: 'three-members',
    pod: 'm-1',
    members: [m0, m1, learner('HTTP://M-2:2380')],
    output: 'three-members-existing',
  },
  {
    title: 'two of three vote',
    input: 'three-members',
    pod: 'm-1',
    members: [m1, m0],
    output: 'three-members-two-voters',
  },
  {
    title: 'we have joined, and nobody answers',
    input: 'three-members',
    pod: 'm-1',
    exists: true,
    output: 'three-members-existing',
  },
  {
    title: 'we have joined, and were promoted since',
    input: 'three-members',
    pod: 'm-1',
    members: [m0, m1],
    exists: true,
    output: 'three-members-two-voters',
  },
  {
    title: 'the members of a source cluster',
    input: 'source-cluster',
    pod: 'm-0',
    members: [
      voter('src-0', 'https://src-0:2380'),
      voter('src-1', 'https://src-1:2380'),
      voter('src-gone', 'https://src-gone:2380'),
      learner('https://m-0:2380'),
    ],
    output: 'source-cluster',
  },
];

describe('the configuration that etcd starts with', () => {
  for (const { title, input, pod, members, exists = false, output } of cases) {
    it(title, async () => {
      const config = await readEtcdConfig(golden(`${input}.in`));
      assert.ok(config !== undefined);
      const own = configuredMember(config, pod);
      const text = configDocument(config, own, { members, exists });
      assert.equal(text, readFileSync(golden(`${output}.out`), 'utf8'));
      assert.equal(configDocument(config, own, { members, exists }), text, 'the file in memory is unchanged');
    });
  }

  it('reads maps that are merged, and writes out aliases of aliases', async () => {
    using dir = makeTempDir();
    const path = dir.join('etcd.yaml');
    const text = `
zero: &urls {m-0: &list [http://m-0:2380]}
base: &base {initial-cluster: m-0=http://m-0:2380, initial-advertise-peer-urls: *urls}
<<: *base
advertise-client-urls: {m-0: *list}
`;
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path, text);
    const config = await readEtcdConfig(path);
    assert.ok(config !== undefined);
    const own = configuredMember(config, 'm-0');
    const written = configDocument(config, own, { members: undefined, exists: false });
    const read = parse(written, { merge: true }) as Record<string, unknown>;
    assert.equal(read['initial-advertise-peer-urls'], 'http://m-0:2380');
    assert.equal(read['advertise-client-urls'], 'http://m-0:2380');
    assert.deepEqual(read['zero'], { 'm-0': ['http://m-0:2380'] });
    assert.doesNotMatch(written, /[&*]/);
  });

  it('passes integers as they are written: to etcd, one that begins with 0 is octal', async () => {
    using dir = makeTempDir();
    const { writeFileSync } = await import('node:fs');
    const integers = [
      'a: 0644',
      'b: -010',
      'c: 0',
      'd: +5',
      'e: 18446744073709551615',
      'f: 0x1f',
      'g: 0o17',
      'h: 1_000',
    ];
    const path = dir.join('etcd.yaml');
    writeFileSync(
      path,
      `${integers.join('\n')}\ni: {j: [007]}\ninitial-cluster: m-0=http://a:1\ninitial-advertise-peer-urls: http://a:1\nadvertise-client-urls: http://a:2\n`,
    );
    const config = await readEtcdConfig(path);
    assert.ok(config !== undefined);
    const text = configDocument(config, configuredMember(config, 'm-0'), { members: undefined, exists: false });
    const lines = text.split('\n');
    assert.deepEqual(
      integers.filter((line) => !lines.includes(line)),
      [],
    );
    assert.match(text, /^i:\n {2}j:\n {4}- 007$/m);
  });

  it('keeps a name that YAML 1.1 takes for something else', async () => {
    using dir = makeTempDir();
    const { writeFileSync } = await import('node:fs');
    for (const pod of ['on', 'Yes', '0', '12_3']) {
      const path = dir.join('etcd.yaml');
      writeFileSync(
        path,
        `initial-cluster: ${pod}=http://a:1\ninitial-advertise-peer-urls: http://a:1\nadvertise-client-urls: http://a:2\n`,
      );
      const config = await readEtcdConfig(path);
      assert.ok(config !== undefined);
      const text = configDocument(config, configuredMember(config, pod), { members: undefined, exists: false });
      assert.match(text, new RegExp(`^name: "${pod}"$`, 'm'));
    }
  });
});
