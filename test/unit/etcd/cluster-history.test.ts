import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClusterHistory, type ClusterPosition } from '../../../src/etcd/cluster-history.ts';
import { revision } from '../../../src/revision.ts';
import { proofOf } from '../../../src/snapshot/history/revision-proof.ts';
import { put } from '../../support/fixtures/delta-events.ts';

const seen: ClusterPosition = { clusterId: 0xa1n, revision: revision(20), raftTerm: 4n, raftIndex: 90n };

describe('a position', () => {
  const history = new ClusterHistory();
  history.at(seen);

  test('that goes on, or stays, contradicts nothing', () => {
    assert.equal(history.expectation(20)(seen), undefined);
    const later = { ...seen, revision: revision(25), raftTerm: 5n, raftIndex: 95n };
    assert.equal(history.expectation(20)(later), undefined);
  });

  for (const [what, change, text, mayLag] of [
    ['another cluster id', { clusterId: 0xb2n }, 'its cluster id is b2, it was a1', false],
    ['a lower revision', { revision: revision(19) }, 'it is at revision 19, and 20 was seen before', true],
    ['a lower raft term', { raftTerm: 3n }, 'it is in raft term 3, and 4 was seen before', true],
    ['a lower raft index', { raftIndex: 89n }, 'it is at raft index 89, and 90 was seen before', true],
  ] as const) {
    test(`with ${what} contradicts what was seen`, () => {
      const found = history.expectation(20)({ ...seen, ...change });
      assert.deepEqual([found?.found, found?.mayLag], [text, mayLag]);
    });
  }

  test('contradicts nothing when nothing was seen, or the answer tells nothing', () => {
    assert.equal(new ClusterHistory().expectation(20)(seen), undefined);
    const silent = { clusterId: 0xa1n, revision: revision(20), raftTerm: 0n };
    assert.equal(history.expectation(20)(silent), undefined);
  });
});

test('what is seen while a position is asked for does not count against the answer', () => {
  const history = new ClusterHistory();
  history.at(seen);
  const contradictionOf = history.expectation(20);
  history.at({ ...seen, raftTerm: 9n, raftIndex: 99n, revision: revision(30) });
  assert.equal(contradictionOf(seen), undefined);
  assert.notEqual(history.expectation(30)(seen), undefined);
});

test('the events of the last revision are what is known, and earlier ones do not replace them', () => {
  const history = new ClusterHistory();
  assert.equal(history.proof, undefined);
  history.received([put('a', 7), put('b', 8), put('c', 8)]);
  assert.deepEqual(history.proof, proofOf(revision(8), [put('b', 8), put('c', 8)]));
  history.received([]);
  history.proved(proofOf(revision(7), [put('x', 7)]));
  assert.equal(history.lastRevision, 8);
  history.proved(proofOf(revision(9), [put('d', 9)]));
  assert.deepEqual(history.proof, proofOf(revision(9), [put('d', 9)]));
});
