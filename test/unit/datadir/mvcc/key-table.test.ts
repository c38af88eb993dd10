import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyTable } from '../../../../src/datadir/mvcc/key-table.ts';

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
    }),
    { numRuns: 30 },
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
