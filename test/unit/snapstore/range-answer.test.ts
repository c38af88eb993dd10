import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContentTag } from '../../../src/snapstore/content-tag.ts';
import { lengthOfRange, type RangeAnswer } from '../../../src/snapstore/range-answer.ts';

const task = { action: 'read', object: 's3://bucket/key' };
const range = { start: 10, end: 20 };

function lengthOf(
  answer: Partial<RangeAnswer>,
  options: { readonly size?: number; readonly tag?: ContentTag } = {},
): number {
  const whole = { contentRange: 'bytes 10-19/100', length: 10, tag: '"a"', ...answer };
  return lengthOfRange(whole, { range, size: options.size, tag: options.tag }, task);
}

test('the part that was asked for is taken, cut at the end of the object', () => {
  assert.equal(lengthOf({}, { size: 100 }), 10);
  assert.equal(lengthOf({ length: undefined }), 10);
  assert.equal(lengthOf({ contentRange: 'bytes 10-14/15', length: 5 }, { size: 15 }), 5);
});

for (const [what, answer] of [
  ['of all of the object', { contentRange: undefined, length: 100 }],
  ['that names no size', { contentRange: 'bytes 10-19/*' }],
  ['of something else', { contentRange: 'pages 10-19/100' }],
  ['of another part', { contentRange: 'bytes 11-20/100' }],
  ['of more', { contentRange: 'bytes 10-20/100', length: 11 }],
  ['of less', { contentRange: 'bytes 10-18/100', length: 9 }],
  ['of less than it says', { length: 9 }],
  ['of more than it says', { length: 100 }],
] as const) {
  test(`an answer ${what} is refused`, () => {
    assert.throws(() => lengthOf(answer), { code: 'store_invalid' });
  });
}

test('an object that is not the one that was listed, or read before, is refused', () => {
  assert.throws(() => lengthOf({}, { size: 99 }), /it has 100 bytes now, and had 99 when it was listed/);
  const tag = new ContentTag();
  assert.equal(lengthOf({}, { tag }), 10);
  assert.equal(lengthOf({}, { tag }), 10);
  assert.throws(() => lengthOf({ tag: '"b"' }, { tag }), /it was replaced while parts of it were read/);
  assert.throws(() => lengthOf({ tag: undefined }, { tag }), /it was replaced/);
});
