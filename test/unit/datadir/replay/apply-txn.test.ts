import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { bytes, compare, keys, put, step, txn } from '../../../support/replay/request-messages.ts';

test('nested transactions decide on the state before; steps share one revision', () => {
  const store = new ReplayedStore();
  store.apply(4, put('a', '1'));
  const inner = txn({
    compare: [compare('a', [0, 3, '1'])],
    success: [step(2, put('b', 'inner')), step(3, keys('a', ''))],
    failure: [step(2, put('wrong', ''))],
  });
  const outer = txn({ success: [step(2, put('a', '2')), step(4, inner), step(2, put('c', ''))] });
  assert.deepEqual(store.apply(6, outer), [
    '3/0 a=2 c2 v2 l0',
    '3/1 b=inner c3 v1 l0',
    '3/2 a deleted',
    '3/3 c= c3 v1 l0',
  ]);
});

test('a transaction with one impossible step does nothing', () => {
  const store = new ReplayedStore();
  store.apply(4, put('a', '1'));
  const missingLease = txn({ success: [step(2, put('b', '')), step(2, put('c', '', { lease: 5n }))] });
  assert.deepEqual(store.apply(6, missingLease), []);
  const nothingToKeep = txn({ success: [step(2, put('b', '')), step(2, put('n', '', { ignoreLease: true }))] });
  assert.deepEqual(store.apply(6, nothingToKeep), []);
  const range = new ProtobufWriter().bytes(1, bytes('a')).varint(4, 50n).finish();
  const future = txn({ success: [step(4, txn({ success: [step(1, range), step(2, put('b', ''))] }))] });
  assert.deepEqual(store.apply(6, future), []);
  // Reads of the outermost level are not checked when the request comes from the log.
  const idle = txn({ success: [step(1, range), step(2, put('b', ''))] });
  assert.deepEqual(store.apply(6, idle), ['3/0 b= c3 v1 l0']);
});
