import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyTable } from '../../../../src/datadir/mvcc/key-table.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

test('any puts and deletions leave what they leave in a Map', () => {
  const key = fc.uint8Array({ maxLength: 3 });
  const step = fc.record({ key, value: fc.option(fc.nat(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3_000 }), (steps) => {
      const table = new KeyTable();
      const map = new Map<string, number>();
      for (const { key, value } of steps) {
        if (value === undefined) {
          table.delete(key);
          map.delete(key.toString());
        } else {
          table.set(key, value);
          map.set(key.toString(), value);
        }
      }
      assert.equal(table.size, map.size);
      assert.deepEqual([...table.values()].sort(), [...map.values()].sort());
      for (const { key } of steps) {
        assert.equal(table.get(key), map.get(key.toString()));
      }
      const inOrder = [...table.inOrder()].map((each) => [Buffer.from(each.key), each.value] as const);
      assert.deepEqual(
        inOrder,
        inOrder.toSorted(([a], [b]) => Buffer.compare(a, b)),
      );
      assert.deepEqual(new Map(inOrder.map(([each, value]) => [new Uint8Array(each).toString(), value])), map);
    }),
    { numRuns: randomWalkLength({ usual: 30, long: 300 }) },
  );
});

test('it grows with the keys it has, not with those it had', () => {
  const table = new KeyTable();
  const name = (at: number): Buffer => Buffer.from(`/registry/events/default/some-pod.${at}`);
  for (let at = 0; at < 50_000; at++) {
    table.set(name(at), at);
    if (at >= 100) {
      table.delete(name(at - 100));
    }
  }
  assert.equal(table.size, 100);
  assert.deepEqual([...table.values()].sort(), Array.from({ length: 100 }, (_, at) => 49_900 + at).sort());
});

test('keys longer than a block are kept, and keys with the same beginning are different', () => {
  const table = new KeyTable();
  const long = Buffer.alloc(3 * 1024 * 1024, 'x');
  table.set(long, 1);
  table.set(long.subarray(1), 2);
  table.set(Buffer.alloc(0), 3);
  table.set(long, 4);
  assert.equal(table.size, 3);
  assert.deepEqual([...table.values()].sort(), [2, 3, 4]);
});

/** Two blocks of 8 bytes after which FNV-1a, from its usual beginning, is in the same state, for each of 13 places in a row. */
function fnvState(bytes: Uint8Array, state: number): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), state);
}

function setBlock(block: Buffer, number: number): Buffer {
  block.writeUInt32LE(number);
  block.writeUInt32LE(Math.imul(number, 0x9e3779b1) >>> 0, 4);
  return block;
}

/** Keys of which FNV-1a without a secret has the same hash for all: 2^`pairs`. */
function collidingKeys(pairs: number): readonly Uint8Array[] {
  let state = 0x811c9dc5 | 0;
  let keys: Uint8Array[] = [new Uint8Array(0)];
  for (let pair = 0; pair < pairs; pair++) {
    const seen = new Map<number, number>();
    const block = Buffer.alloc(8);
    for (let tried = 0; ; tried++) {
      const after = fnvState(setBlock(block, tried), state);
      const other = seen.get(after);
      if (other !== undefined) {
        const blocks = [setBlock(Buffer.alloc(8), other), block];
        keys = keys.flatMap((key) => blocks.map((each) => Buffer.concat([key, each])));
        state = after;
        break;
      }
      seen.set(after, tried);
    }
  }
  return keys;
}

test('keys that collide without a secret take no longer than others', () => {
  const chosen = collidingKeys(13);
  assert.equal(new Set(chosen.map((key) => fnvState(key, 0x811c9dc5 | 0))).size, 1);
  const fill = (size: number): void => {
    const table = new KeyTable();
    for (const key of chosen.slice(0, size)) {
      table.set(key, 1);
    }
    assert.equal(table.size, size);
  };
  assert.ok(timeGrowth(fill, { size: 800, factor: 10 }) < 40);
});

test('what a table holds does not depend on its secret', () => {
  const contents = ([0, 1, 2] as const).map((seed) => {
    const table = new KeyTable({ secret: [seed, seed * 7] });
    for (let at = 0; at < 5_000; at++) {
      table.set(Buffer.from(`key-${at % 3_000}`), at);
      table.delete(Buffer.from(`key-${(at * 3) % 700}`));
    }
    return [...table.values()].toSorted((a, b) => a - b);
  });
  assert.deepEqual(contents[1], contents[0]);
  assert.deepEqual(contents[2], contents[0]);
});
