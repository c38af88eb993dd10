import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf } from '../../../../src/operations/fleet/shard-of.ts';

const names = Array.from({ length: 2_000 }, (_, at) => `team-${at % 7}/cluster-${at}/etcd-main`);

test('every shard gets about as many prefixes', () => {
  const counts = new Array<number>(10).fill(0);
  for (const name of names) {
    const shard = shardOf(name, 10);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 150 && Math.max(...counts) < 250, counts.join(' '));
});

test('one shard more moves only what goes to it', () => {
  const moved = names.filter((name) => shardOf(name, 10) !== shardOf(name, 11));
  assert.ok(moved.every((name) => shardOf(name, 11) === 10));
  assert.ok(moved.length > 100 && moved.length < 280, String(moved.length));
});

test('the assignment is the same on every machine and in every version', () => {
  assert.deepEqual(
    ['', 'a', 'prod/etcd-main', 'ü'].map((name) => shardOf(name, 10)),
    [9, 1, 9, 1],
  );
});
