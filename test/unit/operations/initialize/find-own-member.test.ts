import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterMember } from '../../../../src/etcd/members.ts';
import { findOwnMember } from '../../../../src/operations/initialize/find-own-member.ts';

const own = { name: 'b', peerUrls: ['http://b:2380'] };

function member(id: bigint, name: string | undefined, ...peerUrls: readonly string[]): ClusterMember {
  return { id, name, peerUrls, clientUrls: [], isLearner: false };
}

test('our member is the one of our name, else the one at our peer URLs', () => {
  const a = member(1n, 'a', 'http://a:2380');
  const moved = member(2n, 'b', 'http://old:2380');
  const awaited = member(3n, undefined, 'HTTP://B:02380');
  const renamed = member(4n, 'was-b', 'http://other:2380', 'http://b:2380');
  assert.equal(findOwnMember([a], own), undefined);
  assert.equal(findOwnMember([a, moved], own), moved);
  assert.equal(findOwnMember([a, awaited, moved], own), moved);
  assert.equal(findOwnMember([a, awaited], own), awaited);
  assert.equal(findOwnMember([a, renamed], own), renamed);
});

test('two of our name are told apart by their peer URLs, or refused', () => {
  const one = member(0x1an, 'b', 'http://b:2380');
  const two = member(0x2bn, 'b', 'http://c:2380');
  assert.equal(findOwnMember([two, one], own), one);
  for (const list of [
    [two, two],
    [one, one],
  ]) {
    assert.throws(() => findOwnMember(list, own), { code: 'wrong_member', message: /several are called so: / });
  }
});
