import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSegmentName, parseSegmentName } from '../../../../src/datadir/wal/segment-name.ts';

test('the name of a segment is its number and first index, 16 hexadecimal digits each', () => {
  const name = { sequence: 27, index: 2 ** 40 };
  assert.equal(formatSegmentName(name), '000000000000001b-0000010000000000.wal');
  assert.deepEqual(parseSegmentName(formatSegmentName(name)), name);
});

test('other files and numbers above 2^53 - 1 are no segments', () => {
  for (const name of [
    '',
    '0.tmp',
    '000000000000001b-0000010000000000.wal.broken',
    '000000000000001b-000001000000000.wal',
    '000000000000001B-0000010000000000.wal',
    'ffffffffffffffff-0000000000000000.wal',
  ]) {
    assert.equal(parseSegmentName(name), undefined, name);
  }
});
