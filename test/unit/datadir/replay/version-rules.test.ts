import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { guarded, ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { bytes, compare, keys, numbers, put, step, txn } from '../../../support/replay/request-messages.ts';
import { versionRulesOf } from '../../../support/replay/version-rules-of.ts';

/** Requests that older versions of etcd apply without the right, and the first version that refuses them. */
const UNCHECKED: readonly [string, string, (store: ReplayedStore) => readonly string[]][] = [
  [
    'nested transactions',
    '3.4.42',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(4, txn({ success: [step(2, put('f', ''))] }))] })),
  ],
  [
    'conditions of nested transactions',
    '3.5.28',
    (store) => {
      const peeking = txn({ compare: [compare('f', [0, 0, 1n])], success: [step(2, put('a', ''))] });
      return store.as('ann', 5n).apply(6, txn({ failure: [], success: [step(4, peeking)] }));
    },
  ],
  [
    'the lease of a put in a transaction',
    '3.6.11',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(2, put('a', '', { lease: 7n }))] })),
  ],
  [
    'the value a put in a transaction returns',
    '3.4.44',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(2, put('d', '', { prevKv: true }))] })),
  ],
];

for (const [what, refusedSince, request] of UNCHECKED) {
  test(`rights to ${what} are checked since etcd ${refusedSince}`, () => {
    const outcome = (version: string): number => {
      const store = new ReplayedStore(guarded, versionRulesOf(version));
      store.as('root', 5n).apply(8, numbers(60n, 7n));
      store.apply(4, put('f', '', { lease: 7n }));
      return request(store).length;
    };
    assert.equal(outcome(refusedSince), 0);
    assert.equal(outcome('3.7.0'), 0);
    const line = refusedSince.slice(0, 4);
    assert.equal(outcome(`${line}${Number(refusedSince.slice(4)) - 1}`), 1);
    assert.equal(outcome(`${line}0`), 1);
  });
}

test('an administrator with an old login ends leases since etcd 3.4.27 and 3.5.10', () => {
  const outcome = (version: string): number => {
    const store = new ReplayedStore(guarded, versionRulesOf(version));
    store.as('root', 5n).apply(8, numbers(60n, 7n));
    store.apply(4, put('f', '', { lease: 7n }));
    return store.as('root', 4n).apply(9, numbers(7n)).length;
  };
  assert.deepEqual(['3.4.26', '3.4.27', '3.5.9', '3.5.10', '3.6.0', '3.7.1'].map(outcome), [0, 1, 0, 1, 1, 1]);
});

test('a permission over nothing counts as a change up to etcd 3.4.24 and 3.5.7', () => {
  const outcome = (version: string): number => {
    const store = new ReplayedStore(guarded, versionRulesOf(version));
    const permission = new ProtobufWriter().varint(1, 2).bytes(2, bytes('z')).bytes(3, bytes('y')).finish();
    store.as('root', 5n).apply(1203, new ProtobufWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
    return store.as('ann', 5n).apply(4, put('a', '')).length;
  };
  assert.deepEqual(['3.4.24', '3.4.25', '3.5.7', '3.5.8', '3.6.0'].map(outcome), [0, 1, 0, 1, 1]);
});

test('a read of the outermost level counts since etcd 3.7', () => {
  const outcome = (version: string): readonly number[] => {
    const future = new ProtobufWriter().bytes(1, bytes('a')).varint(4, 50n).finish();
    const open = new ReplayedStore({}, versionRulesOf(version));
    const beyond = open.apply(6, txn({ success: [step(1, future), step(2, put('a', ''))] }));
    const limited = new ReplayedStore(guarded, versionRulesOf(version)).as('ann', 5n);
    const peeking = limited.apply(6, txn({ success: [step(1, keys('d', '')), step(2, put('a', ''))] }));
    return [beyond.length, peeking.length];
  };
  assert.deepEqual(['3.4.44', '3.6.16', '3.7.0', '3.7.3'].map(outcome), [
    [1, 1],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
});
