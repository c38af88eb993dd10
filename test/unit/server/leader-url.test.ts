import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import type { ClusterMember } from '../../../src/etcd/members.ts';
import { leaderClientUrl } from '../../../src/server/leader-url.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { type MemberIs, ScriptedMember } from '../../support/server/scripted-member.ts';

const ours: ClusterMember = {
  id: 1n,
  name: 'a',
  peerUrls: [],
  clientUrls: ['http://a:2379', 'http://other:2379'],
  isLearner: false,
};

it("the leader is reached at its first client URL; where none is known there is none, within the questions' time", async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const ask = async (is: MemberIs, list: () => Promise<readonly ClusterMember[]>): Promise<string | undefined> => {
    const member = new ScriptedMember();
    member.become(is);
    const asked = leaderClientUrl({ ownStatus: (call) => member.ownStatus(call), list }, { signal, clock });
    asked.catch(() => undefined);
    await clock.advance(5_000);
    return await asked;
  };
  const both = async (): Promise<readonly ClusterMember[]> => [
    ours,
    { ...ours, id: 2n, clientUrls: ['http://b:2379'] },
  ];
  assert.equal(await ask('follower', both), 'http://b:2379');
  assert.equal(await ask('leader', both), 'http://a:2379');
  assert.equal(await ask('follower', async () => [ours]), undefined);
  for (const is of ['without leader', 'refusing', 'hanging'] as const) {
    assert.equal(await ask(is, both), undefined);
  }
  const found = 'no quorum';
  const refused = new EtcdFailure({ code: 'etcd_timeout', action: 'list', object: 'etcd', found });
  assert.equal(await ask('follower', () => Promise.reject(refused)), undefined);
  await assert.rejects(
    ask('follower', () => Promise.reject(new TypeError('a fault'))),
    /a fault/,
  );
});
