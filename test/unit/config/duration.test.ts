import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDuration, parseDuration } from '../../../src/config/duration.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

describe('durations', () => {
  const readable: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['0s', 0],
    ['-0', 0],
    ['500ms', 500],
    ['20s', 20_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1_000],
    ['2m8s', 128_000],
    ['72h', 259_200_000],
    ['1h0m0s', 3_600_000],
    ['250us', 0.25],
    ['250\u00b5s', 0.25],
    ['250\u03bcs', 0.25],
    ['1ns', 1e-6],
    ['-5s', -5_000],
    ['+5s', 5_000],
    ['1s1h', 3_601_000],
  ];
  for (const [text, ms] of readable) {
    it(`${text} is ${ms} ms`, () => {
      assert.equal(Math.abs((parseDuration(text) ?? Number.NaN) - ms) < 1e-9, true, String(parseDuration(text)));
    });
  }

  for (const text of ['', '1', '-1', 's', '1 s', '1s ', '10x', '1d', '.s', '1h-5m', '1e3s', '٣s', '300000000h']) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.equal(parseDuration(text), undefined);
    });
  }

  it('are written as Go writes them', () => {
    const written = [0, 0.25, 500, 1_500, 20_000, 90_000, 900_000, 3_600_000, 259_205_500, -90_000].map(formatDuration);
    assert.deepEqual(written, [
      '0s',
      '250\u00b5s',
      '500ms',
      '1.5s',
      '20s',
      '1m30s',
      '15m0s',
      '1h0m0s',
      '72h0m5.5s',
      '-1m30s',
    ]);
  });

  it('survive being written and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms === 0 ? 0 : ms);
      }),
    );
  });
});
