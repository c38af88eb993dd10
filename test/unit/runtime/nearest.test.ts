import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearest } from '../../../src/runtime/nearest.ts';

describe('the nearest word', () => {
  const words = ['snapshot', 'restore', 'initialize', 'compact', 'copy'];
  for (const [word, meant] of [
    ['snapshto', 'snapshot'],
    ['snap-shot', 'snapshot'],
    ['RESTORE', 'restore'],
    ['initialise', 'initialize'],
    ['cpoy', 'copy'],
    ['snap-sh-ot', 'snapshot'],
    ['copyy', 'copy'],
    ['defragment', undefined],
    ['', undefined],
  ] as const) {
    it(`to ${JSON.stringify(word)} is ${meant}`, () => {
      assert.equal(nearest(word, words), meant);
    });
  }
});
