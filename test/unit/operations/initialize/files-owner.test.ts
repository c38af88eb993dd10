import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesOwner } from '../../../../src/operations/initialize/files-owner.ts';

const cluster = { clusterId: 9n, memberIds: [1n, 2n], urls: [] };
const member = { kind: 'member', memberId: 2n, ...cluster } as const;

test('the files of a log are held against the members of the cluster that answers', () => {
  const place = { ...member };
  assert.equal(filesOwner({ nodeId: 2n, clusterId: 9n }, place), 'our member');
  assert.equal(filesOwner({ nodeId: 1n, clusterId: 9n }, place), 'another member');
  assert.equal(filesOwner({ nodeId: 3n, clusterId: 9n }, place), 'a removed member');
  assert.equal(filesOwner({ nodeId: 2n, clusterId: 8n }, place), 'another cluster');
  assert.equal(filesOwner({ nodeId: 2n, clusterId: 9n }, { kind: 'unknown to it', ...cluster }), 'another member');
  assert.equal(filesOwner({ nodeId: 3n, clusterId: 9n }, { kind: 'unknown to it', ...cluster }), 'a removed member');
});

test('without the id of the cluster, or without a log, nothing is concluded', () => {
  const unnamed = { ...member, clusterId: undefined };
  assert.equal(filesOwner({ nodeId: 3n, clusterId: 9n }, unnamed), 'unknown');
  assert.equal(filesOwner({ nodeId: 2n, clusterId: 9n }, unnamed), 'our member');
  assert.equal(filesOwner(undefined, member), 'unknown');
  const nobody = { kind: 'unreachable', failure: undefined, remembered: undefined } as const;
  assert.equal(filesOwner({ nodeId: 2n, clusterId: 9n }, nobody), 'unknown');
});
