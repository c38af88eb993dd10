import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Int64Map } from '../../../src/runtime/int64-map.ts';
import { Int64Set } from '../../../src/runtime/int64-set.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';
import { timeGrowth } from '../../support/growth/time-growth.ts';

const id = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

it('numbers are kept as in a Set and a Map', () => {
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, removed) => {
      const set = new Int64Set(added);
      const map = new Int64Map<string>();
      const model = new Set(added);
      for (const each of added) {
        map.set(each, String(each));
      }
      for (const each of [...removed, ...added.slice(0, 2)]) {
        assert.equal(set.delete(each), model.has(each));
        assert.equal(map.delete(each), model.delete(each));
      }
      assert.deepEqual([...set], [...model]);
      assert.deepEqual(
        [...map],
        [...model].map((each) => [each, String(each)]),
      );
      assert.equal(set.size, model.size);
      assert.equal(map.size, model.size);
      assert.ok([...model].every((each) => set.has(each) && map.has(each) && map.get(each) === String(each)));
    }),
  );
});

const mask = 2n ** 64n - 1n;

/** The number that `number` times an odd factor, in 64 bits, is 1. */
function inverse(factor: bigint): bigint {
  let result = 1n;
  for (let step = 0; step < 6; step++) {
    result = (result * (2n - factor * result)) & mask;
  }
  return result;
}

function undoShift(mixed: bigint, bits: bigint): bigint {
  let result = mixed;
  for (let known = 0n; known < 64n; known += bits) {
    result = mixed ^ (result >> bits);
  }
  return result & mask;
}

/** Ids to which V8 gives one hash: its ComputeLongHash turned around. */
function collidingIds(count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, at) => {
    let mixed = undoShift(BigInt(at + 1) << 30n, 22n);
    mixed = undoShift((mixed * inverse(65n)) & mask, 11n);
    mixed = undoShift((mixed * inverse(21n)) & mask, 31n);
    return BigInt.asIntN(64, (mixed + 1n) * inverse(2n ** 18n - 1n));
  });
}

it('ids that collide in V8 take no longer than others', () => {
  const ids = collidingIds(10_000);
  const growth = timeGrowth(
    (size) => {
      const map = new Int64Map<number>();
      assert.equal(new Int64Set(ids.slice(0, size)).size, size);
      for (const each of ids.slice(0, size)) {
        map.set(each, 1);
      }
    },
    { size: 1_000, factor: 10 },
  );
  assert.ok(growth < 40, `${growth}`);
});
