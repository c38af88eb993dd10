import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryChangedFailure } from '../../../../src/etcd/etcd-failure.ts';
import { HistoryCheck } from '../../../../src/etcd/watch/history-check.ts';
import { revision } from '../../../../src/revision.ts';
import { proofOf } from '../../../../src/snapshot/history/revision-proof.ts';
import { labels, put } from '../../../support/fixtures/delta-events.ts';

function check(): HistoryCheck {
  return new HistoryCheck(proofOf(revision(5), [put('a', 5), put('b', 5)]), 'http://m0:2379');
}

test('the known events are taken away, once', () => {
  const checked = check();
  assert.deepEqual(checked.pass([]), []);
  assert.equal(checked.isPending, true);
  assert.deepEqual(labels(checked.pass([put('a', 5), put('b', 5), put('c', 6)])), ['c@6']);
  assert.equal(checked.isPending, false);
  assert.deepEqual(labels(checked.pass([put('d', 7)])), ['d@7']);
});

for (const [what, events, change] of [
  ['other events', [put('x', 5), put('c', 6)], 'different_events'],
  ['no events', [put('c', 6)], 'unproven'],
] as const) {
  test(`${what} of the known revision are no continuation`, () => {
    assert.throws(
      () => check().pass(events),
      (error) => error instanceof HistoryChangedFailure && error.change === change,
    );
  });
}
