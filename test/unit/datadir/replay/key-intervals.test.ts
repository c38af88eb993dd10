import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyIntervals } from '../../../../src/datadir/replay/key-intervals.ts';
import type { KeyRange } from '../../../../src/datadir/replay/key-range.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

describe('ranges of keys', () => {
  it('hold what at least one of them holds', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 3 });
    const range: fc.Arbitrary<KeyRange> = fc.record({ from: key, to: fc.option(key, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 8 }), fc.array(key), (ranges, keys) => {
        const intervals = new KeyIntervals();
        for (const each of ranges) {
          intervals.add(each);
        }
        for (const each of keys) {
          const held = ranges.some(({ from, to }) => each >= from && (to === undefined || each < to));
          assert.equal(intervals.has(each), held, JSON.stringify({ each, ranges }));
        }
      }),
    );
  });

  it('can be added after a question', () => {
    const intervals = new KeyIntervals();
    assert.equal(intervals.isEmpty, true);
    assert.equal(intervals.has('b'), false);
    intervals.add({ from: 'a', to: 'c' });
    assert.equal(intervals.has('b'), true);
    assert.equal(intervals.isEmpty, false);
  });

  it('take hardly longer the more there are', () => {
    const ask = (size: number): void => {
      const intervals = new KeyIntervals();
      const name = (at: number): string => String(at * 2).padStart(9, '0');
      for (let at = 0; at < size; at++) {
        intervals.add({ from: name(at), to: `${name(at)}\0\0` });
      }
      for (let at = 0; at < size; at++) {
        assert.equal(intervals.has(name(at)), true);
      }
    };
    assert.ok(timeGrowth(ask, { size: 4_000, factor: 10 }) < 40);
  });
});
