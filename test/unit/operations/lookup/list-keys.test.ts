import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupKeys } from '../../../../src/operations/lookup/list-keys.ts';

function groups(
  keys: readonly string[],
  prefix: string,
  depth: number,
): readonly (readonly [string, number, number])[] {
  const living = keys.toSorted().map((key) => ({
    key: Buffer.from(key),
    main: 1,
    sub: 0,
    createRevision: 1,
    version: 1,
    size: 10,
    digest: 0,
  }));
  return [...groupKeys(living, { prefix: Buffer.from(prefix), depth })].map(({ path, keys: count, bytes }) => [
    Buffer.from(path).toString(),
    count,
    bytes,
  ]);
}

const KEYS = ['/registry/pods/a/1', '/registry/pods/a/2', '/registry/pods/b/1', '/registry/nodes/n', '/other', 'plain'];

test('keys are grouped by the segments of their paths', () => {
  assert.deepEqual(groups(KEYS, '', 1), [
    ['/other', 1, 10],
    ['/registry/', 4, 40],
    ['plain', 1, 10],
  ]);
  assert.deepEqual(groups(KEYS.slice(0, 4), '/registry/', 1), [
    ['/registry/nodes/', 1, 10],
    ['/registry/pods/', 3, 30],
  ]);
  assert.deepEqual(groups(KEYS.slice(0, 4), '/registry', 2), [
    ['/registry/nodes/n', 1, 10],
    ['/registry/pods/a/', 2, 20],
    ['/registry/pods/b/', 1, 10],
  ]);
});

test('more segments than there are leave every key by itself', () => {
  assert.equal(groups(KEYS, '', 9).length, KEYS.length);
  assert.deepEqual(groups([], '', 2), []);
});
