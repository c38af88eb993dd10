import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  countAre,
  countText,
  exactBytes,
  formatBytes,
  formatCount,
  formatSeconds,
} from '../../../../src/runtime/log/amount.ts';

describe('amounts for people', () => {
  it('bytes', () => {
    assert.deepEqual([0, 512, 1_024, 1_572_864, 8 * 1024 ** 3].map(formatBytes), [
      '0 B',
      '512 B',
      '1.0 KiB',
      '1.5 MiB',
      '8.0 GiB',
    ]);
  });
  it('bytes, exact and for people, once where both are the same', () => {
    assert.deepEqual([0, 1, 714, 1_536].map(exactBytes), ['0 bytes', '1 byte', '714 bytes', '1536 bytes (1.5 KiB)']);
  });
  it('counts', () => {
    assert.deepEqual([0, 999, 1_000, 1_234_567].map(formatCount), ['0', '999', '1,000', '1,234,567']);
  });
  it('things that are counted', () => {
    assert.deepEqual(
      [0, 1, 2, 1_000].map((count) => countText(count, 'object')),
      ['0 objects', '1 object', '2 objects', '1,000 objects'],
    );
    assert.deepEqual(
      [1, 2].map((count) => countAre(count, 'object')),
      ['1 object is', '2 objects are'],
    );
  });
  it('seconds', () => {
    assert.deepEqual([0.4, 59, 60, 3_599, 3_600, 90_061].map(formatSeconds), [
      '0s',
      '59s',
      '1m00s',
      '59m59s',
      '1h00m',
      '25h01m',
    ]);
  });
});
