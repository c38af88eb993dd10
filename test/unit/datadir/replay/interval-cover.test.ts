import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coversRange } from '../../../../src/datadir/replay/interval-cover.ts';

const A = { from: 'a/', to: 'a0' };
const B = { from: 'b/', to: 'b0' };

test('intervals cover what they contain together without a hole', () => {
  assert.ok(coversRange([A], { from: 'a/1', to: 'a/2' }));
  assert.ok(coversRange([B, A, { from: 'a0', to: 'b/' }], { from: 'a/1', to: 'b/2' }));
  assert.ok(!coversRange([A, B], { from: 'a/1', to: 'b/2' }));
  assert.ok(!coversRange([A], { from: 'a/1', to: undefined }));
  assert.ok(coversRange([{ from: 'a', to: undefined }], { from: 'a/1', to: undefined }));
  assert.ok(!coversRange([], { from: 'a/1', to: 'a/2' }));
});

test('a range that ends before it begins is covered where it begins', () => {
  assert.ok(coversRange([A, B], { from: 'b/27', to: 'a/02' }));
  assert.ok(coversRange([B], { from: 'b/27', to: 'a/02' }));
  assert.ok(coversRange([A], { from: 'a/27', to: 'a/02' }));
  assert.ok(!coversRange([A], { from: 'b/27', to: 'a/02' }));
  assert.ok(!coversRange([B], { from: 'a/27', to: 'a/02' }));
});
