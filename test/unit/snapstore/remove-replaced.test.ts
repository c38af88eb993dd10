import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removeReplaced } from '../../../src/snapstore/remove-replaced.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';

const options = { signal: new AbortController().signal };

/** A bucket that refuses to delete some keys, and the keys of which it was asked. */
function refusing(kind: StoreErrorKind, isHeld: (key: string) => boolean) {
  const tried: string[] = [];
  return {
    tried,
    delete: (key: string) => {
      tried.push(key);
      return isHeld(key)
        ? Promise.reject(new StoreError(kind, { action: 'delete', object: key, found: 'refused' }))
        : Promise.resolve();
    },
  };
}

const keys = Array.from({ length: 450 }, (_, at) => String(at));

test('at most a hundred go, the first ones', async () => {
  const bucket = refusing('immutable', () => false);
  await removeReplaced(bucket, { keys, turn: 1 }, options);
  assert.deepEqual(bucket.tried, keys.slice(0, 100));
});

test('those that are held for ever do not keep the others: each turn tries other ones, and not too many', async () => {
  const held = new Set(keys.slice(0, 300));
  let left = keys;
  for (let turn = 86_400; left.length > held.size && turn < 86_400 * 100; turn += 86_400) {
    const bucket = refusing('immutable', (key) => held.has(key));
    await removeReplaced(bucket, { keys: left, turn }, options);
    assert.ok(bucket.tried.length <= 200);
    left = left.filter((key) => held.has(key) || !bucket.tried.includes(key));
  }
  assert.equal(left.length, held.size);
});

test('a store that does not answer is not asked again', async () => {
  const bucket = refusing('transient', () => true);
  await assert.rejects(removeReplaced(bucket, { keys, turn: 1 }, options), /refused/);
  assert.equal(bucket.tried.length, 1);
});
