import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeltaMemory } from '../../../../../src/operations/restore/deltas/delta-memory.ts';

test('room is given as long as there is some, and once more when it was given back', () => {
  const memory = new DeltaMemory(10);
  const first = memory.reserve(6);
  assert.ok(first !== undefined);
  assert.equal(memory.reserve(5), undefined);
  assert.ok(memory.reserve(4) !== undefined);
  assert.equal(memory.reserve(1), undefined);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(memory.reserve(7), undefined);
  assert.ok(memory.reserve(6) !== undefined);
});
