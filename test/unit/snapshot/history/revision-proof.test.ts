import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { compareProofs, proofOf } from '../../../../src/snapshot/history/revision-proof.ts';
import { del, put } from '../../../support/fixtures/delta-events.ts';

const at = revision(9);

function verdict(known: readonly DeltaEvent[], found: readonly DeltaEvent[]): string {
  return compareProofs(proofOf(at, known), proofOf(at, found));
}

test('the same events are the same', () => {
  assert.equal(verdict([put('a', 9), del('b', 9)], [put('a', 9), del('b', 9)]), 'same');
});

for (const [what, other] of [
  ['key', put('b', 9, { value: Buffer.from('value of a at 9') })],
  ['value', put('a', 9, { value: Buffer.from('x') })],
  ['create revision', put('a', 9, { createRevision: revision(3) })],
  ['version', put('a', 9, { version: 2 })],
  ['kind', del('a', 9)],
] as const) {
  test(`another ${what} is a difference`, () => {
    assert.equal(verdict([put('a', 9)], [other]), 'different');
  });
}

test('another lease is a difference, and one that was dropped is none', () => {
  const leased = put('a', 9, { lease: 5n });
  assert.equal(verdict([leased], [put('a', 9, { lease: 6n })]), 'different');
  assert.equal(verdict([leased], [put('a', 9)]), 'same');
  assert.equal(verdict([put('a', 9)], [leased]), 'same');
  assert.equal(verdict([leased], [put('a', 9, { value: Buffer.from('x') })]), 'different');
});

test('bytes that move between key and value are a difference', () => {
  const moved = put('ab', 9, { value: Buffer.from('c') });
  assert.equal(verdict([put('a', 9, { value: Buffer.from('bc') })], [moved]), 'different');
});

test('events that a compaction has removed are no difference, further ones are', () => {
  assert.equal(verdict([put('a', 9), put('b', 9)], [put('b', 9)]), 'same');
  assert.equal(verdict([put('b', 9)], [put('a', 9), put('b', 9)]), 'different');
});

test('without events nothing is proved', () => {
  assert.equal(verdict([put('a', 9)], []), 'unproven');
  assert.equal(verdict([], [put('a', 9)]), 'unproven');
});

test('of very many events the first are compared, and their number', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => del(`key-${index}`, 9));
  assert.equal(verdict(many, many), 'same');
  assert.equal(verdict(many, [del('other', 9), ...many.slice(1)]), 'different');
  assert.equal(verdict(many, [...many, del('more', 9)]), 'different');
  assert.equal(verdict(many, many.slice(1)), 'unproven');
  assert.ok(proofOf(at, many).digests.length <= 1_000, 'memory is bounded');
});
