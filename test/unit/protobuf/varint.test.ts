import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeVarint } from '../../../src/protobuf/varint.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

function written(value: number | bigint): string {
  const target = Buffer.alloc(12, 0xee);
  const end = writeVarint(target, 1, value);
  assert.equal(target[0], 0xee);
  assert.equal(target[end], 0xee);
  return target.subarray(1, end).toString('hex');
}

/** One byte after the other, as the specification has it. */
function expected(value: bigint): string {
  let rest = BigInt.asUintN(64, value);
  let hex = '';
  do {
    const more = rest > 0x7fn ? 0x80n : 0n;
    hex += ((rest & 0x7fn) | more).toString(16).padStart(2, '0');
    rest >>= 7n;
  } while (rest > 0n);
  return hex;
}

test('every 64-bit integer is written as the specification has it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      assert.equal(written(value), expected(value));
    }),
  );
});

test('numbers and bigints are written alike, also at the borders of the encodings', () => {
  for (const bits of [0, 7, 14, 21, 28, 32, 35, 42, 49, 53]) {
    for (const value of [2 ** bits - 1, Math.min(2 ** bits, Number.MAX_SAFE_INTEGER)]) {
      assert.equal(written(value), expected(BigInt(value)));
      assert.equal(written(BigInt(value)), expected(BigInt(value)));
    }
  }
});

test('a negative number is written as its 64-bit complement', () => {
  assert.equal(written(-2), 'feffffffffffffffff01');
  assert.equal(written(-2n), 'feffffffffffffffff01');
});
