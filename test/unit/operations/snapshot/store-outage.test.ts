import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import type { SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, startRig, startSeconds, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('a store that fails', () => {
  test('upstream 706: that the store refuses are tried again, in order, until it works', async () => {
    await using rig = await watchingRig();
    rig.store.fail('denied');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(1_000);
    await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
    await rig.clock.advance(60_000);
    assert.equal(rig.store.saved.length, 1);
    rig.store.fail(undefined);
    await rig.clock.advance(30_000);
    await rig.saved(2);
    await eventually(async () => {
      await rig.clock.advance(periodMs);
      return rig.store.saved.length === 3 ? true : undefined;
    });
    assert.equal(rig.store.saved[1], `Incr-00000059-00000059-${startSeconds + 20}.gz`);
    assert.match(rig.store.saved[2] ?? '', /^Incr-00000060-00000060-/);
    assert.equal(rig.log.count(/^The store works again after \d+ s$/), 1);
  });

  test('that the store refuses for longer than it may end the snapshotter', async () => {
    await using rig = await watchingRig({ maxStoreOutageMs: 60_000 });
    rig.store.fail('transient');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
    await rig.clock.advance(1_000);
    await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
    await rig.clock.advance(60_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'store_outage');
    assert.equal(rig.store.saved.length, 1);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('is tried again after the waits of the backoff, none of them longer than the longest', async () => {
    await using rig = await watchingRig({ backoff: { firstMs: 3_000, multiplier: 3, longestMs: 20_000 } });
    rig.store.fail('transient');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    for (const seconds of [3, 9, 20]) {
      await rig.logged(new RegExp(`^Trying to save a delta snapshot again in ${seconds} s`));
      await rig.clock.advance(seconds * 1_000);
    }
    await rig.logged(/^Trying to save a delta snapshot again in 20 s/, 2);
    rig.store.fail(undefined);
    await rig.clock.advance(20_000);
    await rig.saved(2);
  });

  test('is reported when it begins, at each further failure, and when it ends', async () => {
    const events: SnapshotterEvent[] = [];
    await using rig = await watchingRig({
      listeners: [(event) => event.type.startsWith('outage') && events.push(event)],
    });
    rig.store.fail('transient');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
    await rig.clock.advance(1_000);
    await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
    rig.store.fail(undefined);
    await rig.clock.advance(2_000);
    await rig.saved(2);
    await rig.logged(/^The store works again after 3 s/);
    assert.deepEqual(events, [
      { type: 'outage begun', location: 'memory' },
      { type: 'outage goes on', seconds: 1 },
      { type: 'outage ended', seconds: 3 },
    ]);
  });
});

describe('the first full of all', () => {
  test('is not tried again when the store refuses for good', async () => {
    await using rig = startRig({}, { prepare: (_cluster, store) => store.fail('denied') });
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'store_denied');
  });

  test('is tried again when the store fails for a while', async () => {
    await using rig = startRig({}, { prepare: (_cluster, store) => store.fail('transient') });
    await rig.logged(/^Trying to save a full snapshot again in 1 s/);
    rig.store.fail(undefined);
    await rig.clock.advance(1_000);
    await rig.saved(1);
    assert.equal(rig.cluster.snapshots, 1, 'the database is not read again');
  });
});

describe('a snapshotter whose store has worked', () => {
  for (const kind of ['transient', 'denied', 'gone', 'invalid', 'quota', 'immutable', 'not_found'] as const) {
    test(`waits for it whatever it answers: ${kind}`, async () => {
      await using rig = await watchingRig();
      rig.store.fail(kind);
      rig.cluster.commit(put('a', 59));
      await rig.clock.advance(periodMs);
      await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
      rig.store.fail(undefined);
      await rig.clock.advance(1_000);
      await rig.saved(2);
    });
  }
});
