import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { bytes, compare, numbers, put, step, txn } from '../../../support/replay/request-messages.ts';

const COMPARISONS: readonly [string, Uint8Array, boolean][] = [
  ['version equal', compare('k', [0, 0, 2n]), true],
  ['version greater', compare('k', [1, 0, 2n]), false],
  ['create revision less', compare('k', [2, 1, 3n]), true],
  ['mod revision not equal', compare('k', [3, 2, 3n]), false],
  ['mod revision against a negative number', compare('k', [1, 2, -1n]), true],
  ['value equal', compare('k', [0, 3, 'v2']), true],
  ['value greater', compare('k', [1, 3, 'v']), true],
  ['lease equal', compare('k', [0, 4, 9n]), true],
  ['an absent key has version 0', compare('n', [0, 0, 0n]), true],
  ['an absent key has no value, not even an empty one', compare('n', [0, 3, '']), false],
  ['an absent key has no value that differs either', compare('n', [3, 3, 'x']), false],
  ['a range holds for all keys', compare('k', [1, 0, 0n], 'l'), true],
  ['a range fails for one key', compare('k', [0, 0, 2n], 'l'), false],
  [
    'the given side counts only when it is of the target',
    new ProtobufWriter().varint(1, 0).varint(2, 1).bytes(3, bytes('k')).varint(4, 2).finish(),
    false,
  ],
];

for (const [what, condition, expected] of COMPARISONS) {
  test(`comparison: ${what} ${expected ? 'holds' : 'fails'}`, () => {
    const store = new ReplayedStore();
    store.apply(8, numbers(60n, 9n));
    store.apply(4, put('k', 'v1'));
    store.apply(4, put('k', 'v2', { lease: 9n }));
    store.apply(4, put('k2', ''));
    const request = txn({
      compare: [condition],
      success: [step(2, put('r', 'yes'))],
      failure: [step(2, put('r', 'no'))],
    });
    assert.deepEqual(store.apply(6, request), [`5/0 r=${expected ? 'yes' : 'no'} c5 v1 l0`]);
  });
}
