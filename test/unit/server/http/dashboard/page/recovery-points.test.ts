import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recoveryPoints } from '../../../../../../src/server/http/dashboard/page/recovery-points.ts';

it('the age goes on to grow after a listing that no other one follows', () => {
  const recovery = { reach: { at: 900, revision: 7 }, endsAt: 1_000, seconds: 400, ages: [null, 50, 80, 100] };
  assert.deepEqual(recoveryPoints({ recovery }, 1_250_000), [
    [900_000, 80],
    [1_000_000, 100],
    [1_250_000, 350],
  ]);
});
