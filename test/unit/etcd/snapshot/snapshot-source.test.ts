import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberStatus } from '../../../../src/etcd/cluster.ts';
import { chooseSnapshotSource } from '../../../../src/etcd/snapshot/snapshot-source.ts';
import { revision } from '../../../../src/revision.ts';

function member(id: number, at: number, role: 'leader' | 'follower' | 'learner'): MemberStatus {
  return {
    endpoint: `${role} ${id}`,
    clusterId: 7n,
    version: '3.5.0',
    memberId: BigInt(id),
    leaderId: role === 'leader' ? BigInt(id) : 1n,
    isLearner: role === 'learner',
    revision: revision(at),
    dbSize: 0,
    raftTerm: 0n,
    raftIndex: 0n,
  };
}

const leader = member(1, 5000, 'leader');

test('a follower that keeps up is chosen before the leader, the one furthest ahead first', () => {
  const statuses = [leader, member(2, 4990, 'follower'), member(3, 4999, 'follower'), member(4, 5000, 'learner')];
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'any' })?.endpoint, 'follower 3');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'follower' })?.endpoint, 'follower 3');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'leader' })?.endpoint, 'leader 1');
});

test('a follower that lags is chosen only when nothing else will do', () => {
  const statuses = [member(2, 100, 'follower'), leader];
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'any' })?.endpoint, 'leader 1');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'follower' })?.endpoint, 'follower 2');
});

test('a member that has not reached what is needed is chosen only when none that fits has', () => {
  const statuses = [member(2, 4990, 'follower'), member(3, 4999, 'follower'), leader];
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'any', reaching: 4999 })?.endpoint, 'follower 3');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'any', reaching: 5000 })?.endpoint, 'leader 1');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'follower', reaching: 5000 })?.endpoint, 'follower 3');
  assert.equal(chooseSnapshotSource(statuses, { wanted: 'any', reaching: 5001 })?.endpoint, 'follower 3');
});

test('a single member is leader and all there is', () => {
  assert.equal(chooseSnapshotSource([leader], { wanted: 'any' }), leader);
  assert.equal(chooseSnapshotSource([leader], { wanted: 'follower' }), undefined);
  assert.equal(chooseSnapshotSource([], { wanted: 'any' }), undefined);
  assert.equal(chooseSnapshotSource([member(9, 1, 'learner')], { wanted: 'any' })?.endpoint, 'learner 9');
});
