import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recoveryAges } from '../../../../src/server/dashboard/recovery-ages.ts';

it('the age of the newest snapshot is the greatest of each part of the time', () => {
  const span = { now: 100, seconds: 40, buckets: 4 };
  assert.deepEqual(recoveryAges([], span), [null, null, null, null]);
  assert.deepEqual(recoveryAges([50], span), [20, 30, 40, 50]);
  // At 75 one of 25 s before then was replaced, at 95 one of 20 s.
  assert.deepEqual(recoveryAges([95, 50, 75], span), [20, 25, 15, 20]);
  assert.deepEqual(recoveryAges([85, 200], span), [null, null, 5, 15]);
});
