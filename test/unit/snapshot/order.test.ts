import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareInChainOrder } from '../../../src/snapshot/order.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

const ORDERED = [
  'Full-0-58-100',
  'Incr-59-89-105',
  'Incr-90-120-110',
  'Full-0-120-111',
  'Full-0-120-111/0000000001',
  'Full-0-120-111/0000000002',
  'Incr-121-130-90',
  'Incr-121-130-120',
  'Full-0-130-120',
  'v1/Backup-7/Full-0-131-120',
  'v2/Full-0-131-120',
];

test('chain order: last revision, whole before chunks, creation, deltas before fulls', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(ORDERED, { minLength: ORDERED.length }), (shuffled) => {
      const snapshots = shuffled.map((name) => ({ name, snapshot: snapshotNamed(name) }));
      const sorted = snapshots.toSorted((a, b) => compareInChainOrder(a.snapshot, b.snapshot)).map(({ name }) => name);
      assert.deepEqual(sorted, ORDERED);
    }),
  );
});
