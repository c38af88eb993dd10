import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { keys, numbers, put } from '../../../support/replay/request-messages.ts';

test('a put adds a version, a delete ends them, and a request without changes uses up no revision', () => {
  const store = new ReplayedStore();
  assert.deepEqual(store.apply(4, put('a', 'one')), ['2/0 a=one c2 v1 l0']);
  assert.deepEqual(store.apply(4, put('a', 'two')), ['3/0 a=two c2 v2 l0']);
  assert.deepEqual(store.apply(5, keys('b', '')), []);
  assert.deepEqual(store.apply(5, keys('a', '')), ['4/0 a deleted']);
  assert.deepEqual(store.apply(4, put('a', 'three')), ['5/0 a=three c5 v1 l0']);
  assert.deepEqual(store.apply(4, put('a', '', { ignoreValue: true })), ['6/0 a=three c5 v2 l0']);
  assert.deepEqual(store.apply(4, put('x', '', { ignoreValue: true })), []);
  assert.equal(store.state.revision, 6);
});

test('a range is deleted in key order, each key with a sub revision of its own', () => {
  const store = new ReplayedStore();
  for (const key of ['c', 'a', 'b', 'd', 'b\0']) store.apply(4, put(key, ''));
  assert.deepEqual(store.apply(5, keys('a', 'c')), ['7/0 a deleted', '7/1 b deleted', '7/2 b\0 deleted']);
  assert.deepEqual(store.apply(5, keys('c', 'b')), []);
  assert.deepEqual(store.apply(5, keys('b', '\0')), ['8/0 c deleted', '8/1 d deleted']);
});

test('a put needs its lease, a revoked lease deletes its keys in order, and a new put detaches a key', () => {
  const store = new ReplayedStore();
  assert.deepEqual(store.apply(4, put('a', '', { lease: 7n })), []);
  store.apply(8, numbers(60n, 7n));
  store.apply(8, numbers(60n, -2n));
  store.apply(8, numbers(9_000_000_001n, 8n));
  store.apply(8, numbers(60n, 0n));
  assert.deepEqual(
    [7n, -2n, 8n, 0n].map((id) => store.state.leases.has(id)),
    [true, true, false, false],
  );
  for (const key of ['c', 'a', 'b']) store.apply(4, put(key, '', { lease: 7n }));
  store.apply(4, put('b', 'kept', { lease: -2n }));
  assert.deepEqual(store.apply(4, put('c', 'new', { ignoreLease: true })), ['6/0 c=new c2 v2 l7']);
  assert.deepEqual(store.apply(9, numbers(7n)), ['7/0 a deleted', '7/1 c deleted']);
  assert.deepEqual(store.apply(9, numbers(7n)), []);
  assert.deepEqual(store.apply(9, numbers(-2n)), ['8/0 b deleted']);
});

test('a compaction moves forward and never beyond the newest revision', () => {
  const store = new ReplayedStore();
  for (const key of ['a', 'b', 'c']) store.apply(4, put(key, ''));
  store.apply(7, numbers(3n));
  assert.equal(store.state.compactRevision, 3);
  store.apply(7, numbers(2n));
  store.apply(7, numbers(5n));
  store.apply(7, numbers(-1n));
  assert.equal(store.state.compactRevision, 3);
});
