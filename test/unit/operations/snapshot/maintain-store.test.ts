import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { historiesOf } from '../../../../src/snapshot/history/histories.ts';
import { type DoubtMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { history, put } from '../../../support/fixtures/delta-events.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';
import { startRig, startSeconds, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('garbage', () => {
  const rules = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
  const garbageCollection = { rules, periodMs: 60_000 };

  test('is collected regularly, and the newest chain stays', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(3);
    await rig.logged(/^Will take next full snapshot/, 2);
    await rig.loggedInTime(/^GC: deleted old snapshot: v2\/Full-00000000-00000058-/, 60_000);
    assert.deepEqual(
      (await rig.store.list()).snapshots.map(({ name }) => name),
      [`Full-00000000-00000059-${startSeconds + 3600}.gz`],
    );
  });

  test('is a marker of a doubt, too, once nothing that it is about is stored any more', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    const doubt = (shared: number, upTo: number): DoubtMarker => {
      const numbers = { begunOn: startSeconds - 1_000, shared: revision(shared) };
      const facts = { why: 'continuation_unproven', first: 'gone', clusterId: '1', left: [] } as const;
      return { name: markerName(numbers), ...numbers, ...facts, upTo: revision(upTo) };
    };
    rig.store.markers.push(doubt(10, 20), doubt(11, 90));
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: deleted History-\d+-00000010\.json: what it puts in doubt is not stored any more/);
    assert.deepEqual(
      rig.store.markers.map(({ shared }) => shared),
      [11],
    );
  });

  test('that killed uploads have left goes as well, and what cannot be removed is tried again in an hour', async () => {
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
    for (let minute = 0; minute < 3; minute += 1) {
      await rig.clock.untilSleeping(60_000);
      await rig.clock.advance(60_000);
    }
    await rig.clock.untilSleeping(60_000);
    assert.equal(rig.log.count(/^GC: (removed|failed to remove) upload/), 2);
    await rig.clock.advance(3_600_000);
    await rig.loggedInTime(/^GC: removed upload 1/, 60_000);
    assert.deepEqual(abandoned, []);
  });

  test('that cannot be collected does not stop the snapshotter', async () => {
    await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 7_000_000 });
    rig.store.failDeletes('denied');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(3);
    // Only what waits for its time when the clock moves on is not late for it.
    await rig.logged(/^Will take next full snapshot at time: 2026-11-21T10:00/);
    await rig.loggedInTime(/^GC: failed to delete v2\/Incr-00000059-00000059-/, 60_000);
    rig.store.failDeletes(undefined);
    await rig.loggedInTime(/^GC: deleted old snapshot/, 60_000);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(3_600_000);
    await rig.saved(5);
  });

  for (const [what, name] of [
    ['of a revision that no cluster reaches', `Full-00000000-9007199254740990-${startSeconds}.gz`],
    ['beyond the cluster', `Full-00000000-00000900-${startSeconds}.gz`],
    ['of the future', `Full-00000000-00000060-${startSeconds + 86_400 * 365}.gz`],
  ] as const) {
    test(`is not made by a foreign full ${what}, of which one warning tells`, async () => {
      await using rig = await watchingRig({ garbageCollection, deltaPeriodMs: 10_000 });
      rig.store.place(snapshotNamed(name));
      for (let round = 0; round < 3; round++) {
        rig.cluster.commit(put('a', 59 + round));
        await rig.clock.untilSleeping(10_000);
        await rig.clock.advance(10_000);
        await rig.saved(2 + round);
        await rig.clock.advance(50_000);
      }
      await rig.loggedInTime(/^GC: .* takes no other's place/, 60_000);
      assert.deepEqual(rig.store.deleted, []);
      assert.equal(rig.log.count(/^GC: .* takes no other's place/), 1, rig.log.texts.join('\n'));
    });
  }

  test('is not collected between the first full of a new history and its marker', async () => {
    await using rig = await watchingRig({ garbageCollection });
    rig.cluster.commit(...history(59, 65));
    await rig.clock.advance(20_000);
    await rig.saved(2);
    const { save } = rig.store.histories;
    const gate = Promise.withResolvers<void>();
    rig.store.histories.save = async (marker) => {
      await gate.promise;
      await save(marker);
    };
    rig.cluster.rollBack(61);
    await rig.saved(3);
    await rig.clock.advance(120_000);
    assert.deepEqual(rig.store.deleted, []);
    gate.resolve();
    await rig.logged(/^A NEW HISTORY BEGINS/);
  });

  test('of a living cluster is no garbage because a dead one has left higher revisions below the same prefix', async () => {
    const before = await watchingRig();
    before.cluster.commit(...history(59, 120));
    await before.clock.advance(20_000);
    await before.saved(2);
    await before.stop();
    await using rig = startRig({ garbageCollection, deltaPeriodMs: 10_000 }, { store: before.store });
    await rig.logged(/^A NEW HISTORY BEGINS/);
    await rig.cluster.watchingFrom(59);
    for (let round = 0; round < 3; round++) {
      rig.cluster.commit(put('new', 59 + round));
      await rig.clock.untilSleeping(10_000);
      await rig.clock.advance(10_000);
      await rig.saved(4 + round);
      await rig.clock.advance(50_000);
    }
    const { snapshots, markers } = await rig.store.list();
    const { living } = historiesOf(snapshots, markers);
    assert.deepEqual(living.snapshots.map(({ name }) => name.slice(0, 22)).slice(-4), [
      'Full-00000000-00000058',
      ...[59, 60, 61].map((at) => `Incr-000000${at}-000000${at}`),
    ]);
  });
});

describe('a chain that is not in the store any more', () => {
  test('is followed by a full at the second listing that lacks it', async () => {
    await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
    const [full] = (await rig.store.list()).snapshots;
    assert.ok(full !== undefined);
    await rig.store.delete(full);
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    await rig.clock.untilSleeping(60_000);
    assert.equal(rig.store.saved.length, 1);
    await rig.clock.advance(60_000);
    await rig.logged(/^WHAT WAS STORED IS NOT THERE: memory does not hold the chain up to revision 58 any more/);
    assert.match((await rig.saved(2)).at(-1) ?? '', /^Full-00000000-00000058-/);
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    assert.equal(rig.store.saved.length, 2);
  });

  test('is not missed because of a foreign delta beyond its end', async () => {
    await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
    rig.store.place(snapshotNamed('Incr-00000099-00000120-9999.gz'));
    for (let round = 0; round < 3; round++) {
      await rig.clock.untilSleeping(60_000);
      await rig.clock.advance(60_000);
    }
    assert.equal(rig.store.saved.length, 1);
  });
});

test('a clock that was behind for days and is put right: a full makes clear what continues what, once', async () => {
  await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
  await rig.clock.untilSleeping(60_000);
  await rig.clock.advance(60_000);
  await rig.clock.untilSleeping(60_000);
  rig.store.place(snapshotNamed(`Incr-00000059-00000070-${startSeconds - 5 * 86_400}.gz`));
  await rig.clock.advance(60_000);
  await rig.logged(/^Incr-00000059-00000070-.* was written after it: a clock was behind, and was put right since/);
  assert.match((await rig.saved(2)).at(-1) ?? '', /^Full-/);
  await rig.clock.untilSleeping(60_000);
  await rig.clock.advance(60_000);
  await rig.clock.untilSleeping(60_000);
  assert.equal(rig.store.saved.length, 2);
});
