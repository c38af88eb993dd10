import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdFailure } from '../../../../src/etcd/etcd-failure.ts';
import { followHistory } from '../../../../src/etcd/watch/continuity.ts';
import { revision } from '../../../../src/revision.ts';
import { del, put } from '../../../support/fixtures/delta-events.ts';

const endpoint = 'http://etcd-0:2379';

test('a history without holes moves on to the revision after its last', () => {
  const events = [put('a', 7), put('b', 7), del('a', 8), put('c', 9)];
  assert.equal(followHistory(events, { next: revision(7), endpoint }), 10);
});

test('no events, no movement', () => {
  assert.equal(followHistory([], { next: revision(7), endpoint }), 7);
});

const broken: readonly [string, ReturnType<typeof put>[]][] = [
  ['a hole before the first event', [put('a', 8)]],
  ['a hole between two events', [put('a', 7), put('b', 9)]],
  ['an event from before', [put('a', 6)]],
  ['an event that comes again', [put('a', 7), put('b', 8), put('a', 7)]],
];
for (const [what, events] of broken) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => followHistory(events, { next: revision(7), endpoint }),
      (error) => error instanceof EtcdFailure && error.code === 'etcd_history_gap',
    );
  });
}
