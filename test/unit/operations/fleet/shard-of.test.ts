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

test('of a thousand clusters the largest of ten shares has at most 1.3 of the mean one, however they are called', () => {
  const schemes: readonly ((at: number) => string)[] = [
    (at) => `team-${at % 10}/cluster-${String(at).padStart(5, '0')}/etcd-main`,
    (at) => `cluster-${at}`,
    (at) => `shoot--project-${at % 30}--${(at * 7_919).toString(36)}/etcd-main`,
    (at) => `eu-west-${at % 3}/${at}/etcd-events`,
  ];
  for (const name of schemes) {
    const counts = new Array<number>(10).fill(0);
    for (let at = 0; at < 1_000; at++) {
      const shard = shardOf(name(at), 10);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    assert.ok(Math.max(...counts) <= 130, `${name(1)}: ${counts.join(' ')}`);
  }
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
