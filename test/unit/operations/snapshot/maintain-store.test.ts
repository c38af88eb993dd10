import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { startSeconds, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('garbage', () => {
  const rules = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
  const garbageCollection = { rules, periodMs: 60_000 };

  test('is collected regularly, and the newest chain stays', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    await rig.logged(/^Will take next full snapshot/, 2);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: deleted old snapshot: v2\/Full-00000000-00000058-/);
    assert.deepEqual(
      (await rig.store.list()).snapshots.map(({ name }) => name),
      [`Full-00000000-00000059-${startSeconds + 3600}.gz`],
    );
  });

  test('that killed uploads have left goes as well, and what cannot be removed is tried again', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    const { abandoned } = rig.store;
    let refusals = 1;
    for (const what of ['upload 1', 'upload 2']) {
      const remove = async (): Promise<void> => {
        if (what === 'upload 1' && refusals-- > 0) {
          throw new StoreError('denied', { action: 'abort', object: what, found: 'no' });
        }
        abandoned.splice(
          abandoned.findIndex((each) => each.what === what),
          1,
        );
      };
      abandoned.push({ key: undefined, what, begunAt: 0, remove });
    }
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: removed upload 2, begun 1970/);
    assert.equal(rig.log.count(/^GC: failed to remove upload 1/), 1);
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: removed upload 1/);
    assert.deepEqual(abandoned, []);
  });

  test('that cannot be collected does not stop the snapshotter', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    rig.store.failDeletes('denied');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: failed to delete v2\/Full-00000000-00000058-/);
    rig.store.failDeletes(undefined);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: deleted old snapshot/);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(3_600_000);
    await rig.saved(3);
  });
});
