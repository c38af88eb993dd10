import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransactionTooLarge } from '../../../../src/etcd/etcd-failure.ts';
import { TransactionJoiner } from '../../../../src/etcd/watch/transaction-joiner.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { del, labels, put } from '../../../support/fixtures/delta-events.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

const endpoint = 'http://etcd-0:2379';

test('a transaction over three messages comes out whole, earlier ones at once', () => {
  const joiner = new TransactionJoiner({ endpoint });
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
      const joiner = new TransactionJoiner({ endpoint });
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

test('a revision that never ends is refused when it needs more memory than it may', () => {
  const joiner = new TransactionJoiner({ endpoint, mostBytes: 10_000 });
  const message = { events: [put('key', 7, { value: Buffer.alloc(1_000) })], fragment: true };
  let messages = 0;
  assert.throws(
    () => {
      for (; messages < 1_000; messages++) {
        joiner.join(message);
      }
    },
    (error) =>
      error instanceof TransactionTooLarge &&
      error.code === 'etcd_transaction_too_large' &&
      /revision 7 need more than 10000 bytes/.test(error.message),
  );
  assert.equal(messages, 7);
});

test('deletions without a value count, too', () => {
  const joiner = new TransactionJoiner({ endpoint, mostBytes: 10_000 });
  const events = Array.from({ length: 100 }, (_, at) => del(`key-${at}`, 7));
  assert.throws(() => joiner.join({ events, fragment: true }), TransactionTooLarge);
});

test('transactions that end are counted anew each time', () => {
  const joiner = new TransactionJoiner({ endpoint, mostBytes: 1_000 });
  for (let at = 2; at < 50; at++) {
    assert.equal(joiner.join({ events: [put('a', at)], fragment: true }).length, at === 2 ? 0 : 1);
  }
});

test('twice the fragments take twice the time', () => {
  const joinAll = (fragments: number): void => {
    const joiner = new TransactionJoiner({ endpoint });
    const event = del('key', 7);
    for (let at = 0; at < fragments; at++) {
      joiner.join({ events: [event], fragment: true });
    }
    assert.equal(joiner.join({ events: [event], fragment: false }).length, fragments + 1);
  };
  assert.ok(timeGrowth(joinAll, { size: 4_000, factor: 10 }) < 40);
});
