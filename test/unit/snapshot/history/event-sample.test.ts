import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import type { PutEvent } from '../../../../src/snapshot/delta-event.ts';
import { compareNow, compareThen, sampleOf } from '../../../../src/snapshot/history/event-sample.ts';
import { put } from '../../../support/fixtures/delta-events.ts';

const written = put('key', 20, { createRevision: revision(10), version: 3, lease: 7n });
const sample = sampleOf(written) ?? assert.fail('it is small');

describe('a key as it was at the revision of a sample', () => {
  test('is the same when all of it is', () => {
    assert.equal(compareThen(sample, { ...written }), 'same');
  });

  test('is the same when a restore has dropped its lease', () => {
    assert.equal(compareThen(sample, { ...written, lease: 0n }), 'same');
  });

  const others: Readonly<Record<string, PutEvent | undefined>> = {
    'its value': { ...written, value: Buffer.from('other') },
    'its version': { ...written, version: 4 },
    'its lease': { ...written, lease: 8n },
    'its create revision': { ...written, createRevision: revision(11) },
    'its last change': { ...written, modRevision: revision(19) },
    'that it is not there': undefined,
  };
  for (const [what, found] of Object.entries(others)) {
    test(`is another one by ${what}`, () => {
      assert.equal(compareThen(sample, found), 'different');
    });
  }
});

describe('a key as it is at a later revision', () => {
  const later = put('key', 30, { createRevision: revision(10), version: 5 });

  test('is the same while it was not written again', () => {
    assert.equal(compareNow(sample, { ...written }), 'same');
    assert.equal(compareNow(sample, { ...written, value: Buffer.from('other') }), 'different');
  });

  test('proves nothing when it was deleted, or written again as it may have been', () => {
    assert.equal(compareNow(sample, undefined), 'unproven');
    assert.equal(compareNow(sample, later), 'unproven');
    assert.equal(compareNow(sample, { ...later, version: 13 }), 'unproven');
    assert.equal(compareNow(sample, { ...later, createRevision: revision(21), version: 1 }), 'unproven');
  });

  const impossible: Readonly<Record<string, PutEvent>> = {
    'has no more versions': { ...later, version: 3 },
    'has more versions than there were revisions': { ...later, version: 14 },
    'was created otherwise before the sample': { ...later, createRevision: revision(11) },
    'was last written before the sample': { ...later, modRevision: revision(19) },
  };
  for (const [what, found] of Object.entries(impossible)) {
    test(`cannot have grown out of the sample when it ${what}`, () => {
      assert.equal(compareNow(sample, found), 'different');
    });
  }
});

test('a large value is no sample: it would be asked for again and again', () => {
  assert.equal(sampleOf(put('key', 5, { value: Buffer.alloc(64 * 1024 + 1) })), undefined);
});

test('a sample keeps its key when the bytes it came from are used again', () => {
  const key = Buffer.from('key');
  const kept = sampleOf({ ...written, key });
  key.fill(0);
  assert.equal(Buffer.from(kept?.key ?? []).toString(), 'key');
});
