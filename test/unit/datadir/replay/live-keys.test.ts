import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveKeys } from '../../../../src/datadir/replay/live-keys.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

const state = { createRevision: 2, modRevision: 2, version: 1, lease: 0n, value: undefined };
const everything = { from: '', to: undefined };

describe('keys that exist', () => {
  it('are those that were set and not deleted, in order, in any range', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\0'), maxLength: 4 });
    const step = fc.record({
      key,
      kind: fc.constantFrom('set', 'set', 'delete', 'ask'),
      to: fc.option(key, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2_000 }), (steps) => {
        const keys = new LiveKeys();
        const model = new Set<string>();
        for (const { key: each, kind, to } of steps) {
          if (kind === 'set') {
            keys.set(each, state);
            model.add(each);
          } else if (kind === 'delete') {
            keys.delete(each);
            model.delete(each);
          } else {
            const held = [...model].filter((one) => one >= each && (to === undefined || one < to)).toSorted();
            assert.deepEqual(keys.inRange({ from: each, to }), held);
          }
        }
      }),
      { numRuns: randomWalkLength({ usual: 60, long: 600 }) },
    );
  });

  it('stay in order when there are many', () => {
    const keys = new LiveKeys();
    keys.inRange(everything);
    for (let at = 0; at < 5_000; at++) {
      keys.set(`key-${(at * 7_919) % 5_003}`, state);
    }
    const all = keys.inRange(everything);
    assert.equal(all.length, 5_000);
    assert.deepEqual(all, [...all].toSorted());
    for (const key of all) {
      keys.delete(key);
    }
    assert.deepEqual(keys.inRange(everything), []);
  });

  it('take linear time to add, to delete, and to look for among those that are gone', () => {
    const growth = timeGrowth(
      (size) => {
        const keys = new LiveKeys();
        keys.inRange(everything);
        for (let at = size; at > 0; at--) {
          keys.set(`key-${at}`, state);
        }
        for (let at = 1; at <= size; at++) {
          keys.delete(`key-${at}`);
        }
        for (let at = 0; at < size; at++) {
          assert.equal(keys.inRange(everything).length, 0);
        }
      },
      { size: 2_000, factor: 10 },
    );
    // Without order that is kept it is thousands.
    assert.ok(growth < 100, `${growth}`);
  });
});
