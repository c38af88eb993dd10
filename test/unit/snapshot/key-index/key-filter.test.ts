import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterHolds, KeyFilter } from '../../../../src/snapshot/key-index/key-filter.ts';
import { type WantedKeys, wantedFingerprints } from '../../../../src/snapshot/key-index/wanted-keys.ts';

function holds(filter: KeyFilter, wanted: WantedKeys): boolean {
  const fingerprints = wantedFingerprints([wanted]) ?? assert.fail('it has a fingerprint');
  return [...filter.blocks()].map((block) => filterHolds(block, fingerprints)).includes(true);
}

const key = (text: string): WantedKeys => ({ kind: 'key', key: Buffer.from(text) });
const prefix = (text: string): WantedKeys => ({ kind: 'prefix', prefix: Buffer.from(text) });

test('a filter holds the keys that were added, and what they begin with', () => {
  const filter = new KeyFilter();
  filter.add(Buffer.from('/a/b/c'));
  const other = new KeyFilter();
  other.add(Buffer.from('x\0/'));
  filter.addAll(other);
  for (const wanted of [key('/a/b/c'), prefix('/a/b/'), prefix('/a/'), prefix('/a/b/c'), key('x\0/'), prefix('x\0/')]) {
    assert.ok(holds(filter, wanted), JSON.stringify(wanted));
  }
  for (const wanted of [key('/a/b/'), key('/a/b/d'), prefix('/a/b/c/'), prefix('/b/'), key('')]) {
    assert.ok(!holds(filter, wanted), JSON.stringify(wanted));
  }
  assert.ok(!holds(new KeyFilter(), key('/a')));
});

test('many keys are several blocks', () => {
  const filter = new KeyFilter();
  for (let at = 0; at < 20_000; at++) {
    filter.add(Buffer.from(`/k/${at}/x`));
  }
  assert.ok([...filter.blocks()].length > 1);
  for (const at of [0, 9_999, 19_999]) {
    assert.ok(holds(filter, key(`/k/${at}/x`)) && holds(filter, prefix(`/k/${at}/`)));
  }
});

test('a block that is cut or goes on is refused', () => {
  const filter = new KeyFilter();
  filter.add(Buffer.from('/a'));
  const [block = Buffer.alloc(0)] = filter.blocks();
  const none = { keys: new Set<number>(), prefixes: new Set<number>() };
  assert.equal(filterHolds(block, none), false);
  assert.throws(() => filterHolds(block.subarray(0, -1), none), RangeError);
  assert.throws(() => filterHolds(Buffer.concat([block, block]), none), RangeError);
});
