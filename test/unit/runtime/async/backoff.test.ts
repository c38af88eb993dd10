import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff, type BackoffPolicy, defaultBackoff } from '../../../../src/runtime/async/backoff.ts';

function waits(policy: BackoffPolicy, count: number): readonly number[] {
  const backoff = new Backoff(policy);
  return Array.from({ length: count }, () => backoff.nextMs());
}

describe('a backoff', () => {
  it('doubles up to half a minute by default', () => {
    assert.deepEqual(waits(defaultBackoff, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('keeps the longest wait after the growing ones', () => {
    const policy = { firstMs: 2_000, multiplier: 2, longestMs: 128_000, growingWaits: 3 };
    assert.deepEqual(waits(policy, 5), [2_000, 4_000, 8_000, 128_000, 128_000]);
  });

  it('is never longer than the longest, after hours too', () => {
    assert.equal(waits({ firstMs: 100, multiplier: 3, longestMs: 5_000 }, 2_000).at(-1), 5_000);
  });

  it('begins with the first wait after a reset', () => {
    const backoff = new Backoff(defaultBackoff);
    backoff.nextMs();
    backoff.nextMs();
    assert.equal(backoff.waits, 2);
    backoff.reset();
    assert.equal(backoff.nextMs(), 1_000);
  });
});
