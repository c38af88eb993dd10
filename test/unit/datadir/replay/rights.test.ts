import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guarded, ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { compare, keys, numbers, put, step, txn } from '../../../support/replay/request-messages.ts';

test('without the right, at the wrong time, or without a login nothing changes', () => {
  const store = new ReplayedStore(guarded);
  assert.deepEqual(store.as('', 0n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('bob', 5n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('nobody', 5n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('ann', 4n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('ann', 5n).apply(4, put('a', '')), ['2/0 a= c2 v1 l0']);
  assert.deepEqual(store.apply(4, put('e', '')), []);
  assert.deepEqual(store.apply(4, put('x', '')), ['3/0 x= c3 v1 l0']);
  assert.deepEqual(store.apply(4, put('d', '', { prevKv: true })), [], 'reading d is not allowed');
  assert.deepEqual(store.apply(4, put('d', '')), ['4/0 d= c4 v1 l0']);
  assert.deepEqual(
    store.apply(5, keys('a', 'e')),
    ['5/0 a deleted', '5/1 d deleted'],
    'two roles together cover a to e',
  );
  assert.deepEqual(store.apply(5, keys('a', 'f')), []);
  assert.deepEqual(store.apply(5, keys('x', '\0')), ['6/0 x deleted']);
  assert.deepEqual(store.apply(5, keys('o', '\0')), []);
  const peeking = txn({ compare: [compare('d', [0, 0, 0n])], success: [step(2, put('a', ''))] });
  assert.deepEqual(store.apply(6, peeking), []);
  assert.deepEqual(store.as('root', 5n).apply(4, put('e', '')), ['7/0 e= c7 v1 l0']);
});

test('a lease with keys of others cannot be used or ended', () => {
  const store = new ReplayedStore(guarded);
  store.as('root', 5n).apply(8, numbers(60n, 7n));
  store.apply(4, put('f', '', { lease: 7n }));
  assert.deepEqual(store.as('ann', 5n).apply(4, put('a', '', { lease: 7n })), []);
  assert.deepEqual(store.apply(9, numbers(7n)), []);
  assert.deepEqual(store.as('root', 5n).apply(9, numbers(7n)), ['3/0 f deleted']);
});
