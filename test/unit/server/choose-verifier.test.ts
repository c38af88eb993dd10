import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemberStatus } from '../../../src/etcd/cluster.ts';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import type { ClusterMember } from '../../../src/etcd/members.ts';
import { revision } from '../../../src/revision.ts';
import { chooseVerifier, type VerifierChoiceParts } from '../../../src/server/choose-verifier.ts';
import type { PeerProof } from '../../../src/server/peer-proof.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

const hour = 3_600_000;
const firing = { due: 100 * hour, periodMs: hour, signal: new AbortController().signal };

function member(id: bigint, more: Partial<ClusterMember> = {}): ClusterMember {
  return { id, name: `m${id}`, peerUrls: [], clientUrls: [`http://m${id}:2379`], isLearner: false, ...more };
}

const three = [member(3n), member(1n), member(2n)];

function status(memberId: bigint, leaderId: bigint | undefined, isLearner = false): MemberStatus {
  return {
    endpoint: 'http://a:2379',
    version: '3.5.0',
    clusterId: 7n,
    memberId,
    leaderId,
    isLearner,
    revision: revision(5),
    dbSize: 0,
    raftTerm: 2n,
    raftIndex: 9n,
  };
}

const sound: PeerProof = {
  store: 'S3 b/p',
  at: firing.due - hour + 1,
  seconds: 3,
  proof: { sound: true, provable: revision(70), stateOf: 5, problems: [] },
};

async function turnOf(parts: Partial<VerifierChoiceParts> & { readonly own: () => MemberStatus | undefined }) {
  const asked: string[] = [];
  const turn = await chooseVerifier(
    {
      list: () => Promise.resolve(three),
      sharedStore: 'S3 b/p',
      askProof: (clientUrl) => {
        asked.push(clientUrl);
        return Promise.resolve(sound);
      },
      ...parts,
    },
    firing,
    { log: new RecordedLog() },
  );
  return { kind: turn.kind, asked };
}

describe('the turn to verify', () => {
  it('is that of the follower with the lowest id, and of no other', async () => {
    for (const [own, leader, kind] of [
      [1n, 3n, 'ours'],
      [2n, 3n, 'not ours'],
      [2n, 1n, 'ours'],
      [3n, 1n, 'not ours'],
    ] as const) {
      assert.deepEqual(await turnOf({ own: () => status(own, leader) }), { kind, asked: [] });
    }
  });

  it('is not that of a learner, of a member that has not started, and of one that is out of reach or knows no leader', async () => {
    const list = () =>
      Promise.resolve([member(1n, { isLearner: true }), member(2n, { name: undefined }), member(3n), member(4n)]);
    assert.equal((await turnOf({ own: () => status(3n, 4n), list })).kind, 'ours');
    assert.equal((await turnOf({ own: () => status(1n, 4n, true), list })).kind, 'not ours');
    assert.equal((await turnOf({ own: () => undefined })).kind, 'not known');
    assert.equal((await turnOf({ own: () => status(1n, undefined) })).kind, 'not known');
  });

  it('of the leader is done when the follower has found the same store sound since the last time', async () => {
    const own = () => status(3n, 3n);
    assert.deepEqual(await turnOf({ own }), { kind: 'done', asked: ['http://m1:2379'] });
    for (const answer of [
      { ...sound, at: firing.due - hour - 1 },
      { ...sound, store: 'S3 other/p' },
      { ...sound, store: null },
      { ...sound, proof: { ...sound.proof, sound: false } },
    ]) {
      assert.equal(
        (await turnOf({ own, askProof: () => Promise.resolve(answer) })).kind,
        'ours',
        JSON.stringify(answer.at),
      );
    }
    assert.equal((await turnOf({ own, askProof: () => Promise.reject(new Error('ECONNREFUSED')) })).kind, 'ours');
  });

  it('is that of the leader where it is alone, or does not know of others', async () => {
    const own = () => status(3n, 3n);
    assert.equal((await turnOf({ own, list: () => Promise.resolve([member(3n)]) })).kind, 'ours');
    const failure = new EtcdFailure({ code: 'etcd_timeout', action: 'list', object: 'x', found: 'no answer' });
    assert.equal((await turnOf({ own, list: () => Promise.reject(failure) })).kind, 'ours');
    assert.equal((await turnOf({ own: () => status(1n, 3n), list: () => Promise.reject(failure) })).kind, 'not known');
  });

  it('is that of the leader where each sidecar may have a store of its own', async () => {
    assert.deepEqual(await turnOf({ own: () => status(3n, 3n), sharedStore: undefined }), { kind: 'ours', asked: [] });
    assert.equal((await turnOf({ own: () => status(1n, 3n), sharedStore: undefined })).kind, 'not ours');
  });
});
