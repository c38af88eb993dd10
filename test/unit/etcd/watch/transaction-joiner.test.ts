import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TransactionJoiner } from '../../../../src/etcd/watch/transaction-joiner.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { labels, put } from '../../../support/fixtures/delta-events.ts';

test('a transaction over three messages comes out whole, earlier ones at once', () => {
  const joiner = new TransactionJoiner();
  const first = joiner.join({ events: [put('a', 2), put('b', 3), put('c', 3)], fragment: true });
  const second = joiner.join({ events: [put('d', 3)], fragment: true });
  const third = joiner.join({ events: [put('e', 3), put('f', 4)], fragment: false });
  assert.deepEqual([first, second, third].map(labels), [['a@2'], [], ['b@3', 'c@3', 'd@3', 'e@3', 'f@4']]);
});

test('however a history is cut, every event comes out once, in order, and no transaction is torn', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 });
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, cuts, (transactions, lengths) => {
      const events = transactions.flatMap((size, index) =>
        Array.from({ length: size }, (_, sub) => put(`k${sub}`, index + 2)),
      );
      const joiner = new TransactionJoiner();
      const out: DeltaEvent[] = [];
      const seenWhole = new Set<number>();
      for (let position = 0, turn = 0; position < events.length; turn++) {
        const end = position + (lengths[turn % lengths.length] ?? 1);
        const complete = joiner.join({ events: events.slice(position, end), fragment: end < events.length });
        for (const revision of new Set(complete.map(({ modRevision }) => modRevision))) {
          assert.ok(!seenWhole.has(revision), `revision ${revision} came in two pieces`);
          seenWhole.add(revision);
        }
        out.push(...complete);
        position = end;
      }
      assert.deepEqual(labels(out), labels(events));
    }),
  );
});
