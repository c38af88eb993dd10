import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { sampleOf } from '../../../../src/snapshot/history/event-sample.ts';
import { SpreadSamples } from '../../../../src/snapshot/history/spread-samples.ts';
import { del, history, put } from '../../../support/fixtures/delta-events.ts';

function revisionsOf({ kept }: SpreadSamples): readonly number[] {
  return kept.map(({ revision }) => revision);
}

function sampled(...batches: readonly (readonly DeltaEvent[])[]): SpreadSamples {
  const samples = new SpreadSamples();
  for (const events of batches) {
    samples.received(events);
  }
  return samples;
}

test('a few samples stay spread over all that has arrived', () => {
  const samples = sampled(...history(2, 10_000).map((event) => [event]));
  const revisions = revisionsOf(samples);
  assert.ok(revisions.length >= 3 && revisions.length <= 4, revisions.join(' '));
  assert.equal(revisions[0], 2);
  const gaps = revisions.map((at, index) => (revisions[index + 1] ?? 10_001) - at);
  assert.ok(Math.max(...gaps) < 6_000, gaps.join(' '));
});

test('the first write that has arrived is one of them, whatever comes with it', () => {
  const large = put('large', 4, { value: Buffer.alloc(100_000) });
  assert.deepEqual(revisionsOf(sampled([], [del('key', 2), put('key', 3)], [large], [put('key', 5)])), [3, 5]);
});

test('samples from elsewhere take the place of those before, but none do not', () => {
  const samples = sampled(history(2, 5));
  samples.replace([]);
  assert.deepEqual(revisionsOf(samples), [2]);
  const others = history(10, 20).map((event) => (event.type === 'put' ? sampleOf(event) : undefined));
  samples.replace(others.flatMap((each) => each ?? []));
  assert.deepEqual(revisionsOf(samples), [10, 11, 12, 13]);
});
