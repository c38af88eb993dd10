import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageFinder } from '../../../../src/snapshot/key-index/page-finder.ts';
import { type FoundPage, type PageKeys, PageTableEncoder } from '../../../../src/snapshot/key-index/page-table.ts';

function blocksOf(pages: readonly PageKeys[]): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const encoder = new PageTableEncoder((block) => blocks.push(block.slice()));
  for (const page of pages) {
    encoder.add(page);
  }
  encoder.end();
  return blocks;
}

function found(blocks: readonly Uint8Array[], wanted: { keys?: number[]; prefixes?: number[] }): readonly FoundPage[] {
  const finder = new PageFinder({ keys: new Set(wanted.keys), prefixes: new Set(wanted.prefixes) });
  for (const block of blocks) {
    finder.add(block);
  }
  return finder.found;
}

function page(number: number, keys: readonly number[], prefixes: readonly number[], overflow = 0): PageKeys {
  return { page: number, overflow, keys: Uint32Array.from(keys), prefixes: Uint32Array.from(prefixes) };
}

test('pages are found by the fingerprints of keys and of prefixes, in the order in which they were added', () => {
  const blocks = blocksOf([
    page(7, [1, 0xffffff], [0xffffffff, 2]),
    page(3, [1], [2, 3], 5),
    page(2 ** 40, [4], []),
    page(9, [], [3]),
  ]);
  assert.equal(blocks.length, 1);
  assert.deepEqual(found(blocks, { keys: [1] }), [
    { page: 7, overflow: 0 },
    { page: 3, overflow: 5 },
  ]);
  assert.deepEqual(
    found(blocks, { keys: [0xffffff, 4] }).map((each) => each.page),
    [7, 2 ** 40],
  );
  assert.deepEqual(
    found(blocks, { prefixes: [2, 0xffffffff] }).map((each) => each.page),
    [7, 3],
  );
  assert.deepEqual(
    found(blocks, { prefixes: [3] }).map((each) => each.page),
    [3, 9],
  );
  // Keys are no prefixes.
  assert.deepEqual(found(blocks, { keys: [2, 3], prefixes: [1, 4] }), []);
});

test('each block can be read by itself, and a page with many keys has several entries', () => {
  const many = Array.from({ length: 30_000 }, (_, at) => at);
  const blocks = blocksOf([page(2, [9], [9]), page(5, many, many), page(6, [9], [9, 29_999])]);
  assert.ok(blocks.length > 1 && blocks.every(({ length }) => length <= 64_000));
  for (const key of [0, 3_999, 4_000, 29_999]) {
    assert.ok(
      found(blocks, { keys: [key] }).some((each) => each.page === 5),
      `${key}`,
    );
    assert.ok(
      found(blocks.toReversed(), { prefixes: [key] }).some((each) => each.page === 5),
      `${key}`,
    );
  }
  assert.deepEqual(
    found(blocks, { keys: [9] }).map((each) => each.page),
    [2, 5, 6],
  );
  assert.deepEqual(found(blocks, { keys: [30_000] }), []);
});

test('a block that ends within an entry is refused, unless nothing in it can be wanted', () => {
  const [block = new Uint8Array(0)] = blocksOf([page(7, [1], [300]), page(9, [2], [300])]);
  const ends = (keys: readonly number[]): readonly (number | 'refused')[] =>
    Array.from({ length: block.length }, (_, end) => {
      try {
        return found([block.subarray(0, end)], { keys: [...keys] }).length;
      } catch (error) {
        assert.ok(error instanceof RangeError);
        return 'refused';
      }
    });
  const many = Array.from({ length: 20 }, (_, at) => 1 + at * 1_000);
  assert.deepEqual(
    ends(many).filter((each) => each !== 'refused'),
    [0, 1],
  );
  const [nothing, ...rest] = ends([1]).filter((each) => each !== 0);
  assert.deepEqual([nothing, rest.filter((each) => each !== 'refused')], ['refused', [1]]);
  assert.ok(ends([5]).every((each) => each === 0));
});

test('many keys are found as well as few', () => {
  const blocks = blocksOf(Array.from({ length: 50 }, (_, at) => page(2 + at, [at * 7, 0xfffff0 - at], [at])));
  const keys = Array.from({ length: 40 }, (_, at) => at * 14);
  const wanted = (some: readonly number[]): readonly number[] =>
    found(blocks, { keys: [...some] }).map((each) => each.page);
  assert.deepEqual(
    wanted(keys),
    keys.slice(0, 25).map((key) => 2 + key / 7),
  );
  assert.deepEqual(
    keys.flatMap((key) => wanted([key])),
    wanted(keys),
  );
});
