import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { keys, numbers, put, step, txn } from '../../../support/replay/request-messages.ts';

test('an alarm refuses the requests that it has to refuse', () => {
  const alarm = (action: number, kind: number): Uint8Array =>
    new ProtobufWriter().varint(1, action).varint(2, 77n).varint(3, kind).finish();
  const store = new ReplayedStore();
  store.apply(4, put('a', ''));
  store.apply(10, alarm(1, 1));
  assert.deepEqual(store.apply(4, put('b', '')), []);
  assert.deepEqual(store.apply(6, txn({ failure: [step(2, put('b', ''))], success: [step(3, keys('a', ''))] })), []);
  store.apply(8, numbers(60n, 7n));
  assert.equal(store.state.leases.has(7n), false);
  assert.deepEqual(store.apply(5, keys('a', '')), ['3/0 a deleted']);
  store.apply(10, alarm(2, 1));
  assert.deepEqual(store.apply(4, put('b', '')), ['4/0 b= c4 v1 l0']);
  store.apply(10, alarm(1, 2));
  assert.deepEqual(store.apply(5, keys('b', '')), []);
});
