import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { revision } from '../../../../../src/revision.ts';
import { Failure } from '../../../../../src/runtime/failure.ts';
import { newestChain } from '../../../../../src/snapshot/chain.ts';
import type { StoredSnapshot } from '../../../../../src/snapstore/snapstore.ts';
import { databaseEndingAt } from '../../../../support/etcd/scripted-cluster.ts';
import { put } from '../../../../support/fixtures/delta-events.ts';
import {
  firstDelta,
  periodMs,
  startRig,
  startSeconds,
  watchingRig,
} from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('the first full', () => {
  test('upstream 1044: is taken at once, named by the true last revision, and leaves no temporary file', async () => {
    await using rig = await watchingRig();
    assert.deepEqual(rig.store.saved, [`Full-00000000-00000058-${startSeconds}.gz`]);
    assert.deepEqual(rig.tempFiles(), []);
    assert.equal(rig.log.count(/^Successfully saved full snapshot at: v2\/Full-00000000-00000058-\d+\.gz$/), 1);
  });
});

describe('scheduled fulls', () => {
  test('come at the scheduled time, the watch goes on, and the next delta begins right after them', async () => {
    await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(3);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(3_400_000);
    await rig.saved(4);
    assert.deepEqual(rig.store.saved.slice(1), [
      `Incr-00000059-00000059-${startSeconds + 3599}.gz`,
      `Full-00000000-00000059-${startSeconds + 3600}.gz`,
      `Incr-00000060-00000060-${startSeconds + 7000}.gz`,
    ]);
    assert.deepEqual(rig.cluster.watchedFrom, [firstDelta]);
  });

  test('are skipped while nothing has changed', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(3_600_000);
    await rig.logged(/^There are no updates since last snapshot, skipping full snapshot/);
    assert.equal(rig.cluster.snapshots, 1);
  });

  test('are not skipped when a user, lease or member changed', async () => {
    await using rig = await watchingRig();
    rig.cluster.changeOther();
    await rig.clock.advance(3_600_000);
    assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000058-/);
  });

  test('wait for an etcd that has yet to catch up with the backup, while deltas go on', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.lagsAt = revision(58);
    await rig.clock.advance(3_600_000 - periodMs);
    await rig.logged(/^etcd is at revision 58, the backup at 60: waiting for it/);
    assert.equal(rig.cluster.snapshots, 1, 'nothing is read that would be of no use');
    rig.cluster.commit(put('c', 61));
    await rig.clock.advance(periodMs);
    assert.match((await rig.saved(3))[2] ?? '', /^Incr-00000061-00000061-/);
    await rig.clock.advance(60_000);
    rig.cluster.lagsAt = undefined;
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(4))[3] ?? '', /^Full-00000000-00000061-/);
  });

  test('wait for an etcd that cannot be read as the backoff says', async () => {
    await using rig = await watchingRig({ backoff: { firstMs: 7_000, multiplier: 3, longestMs: 15_000 } });
    rig.cluster.commit(put('a', 59));
    // Each download is tried three times by itself, after a second.
    rig.cluster.breakOffs = 6;
    await rig.clock.advance(3_600_000);
    for (const seconds of [7, 15]) {
      for (let again = 1; again < 3; again++) {
        await rig.clock.untilSleeping(1_000);
        await rig.clock.advance(1_000);
      }
      await rig.logged(new RegExp(`^Trying the full snapshot again in ${seconds} s`));
      await rig.clock.untilSleeping(seconds * 1_000);
      await rig.clock.advance(seconds * 1_000);
    }
    await eventually(() => rig.store.saved.find((name) => name.startsWith('Full-00000000-00000059-')));
    assert.equal(rig.cluster.snapshots, 8);
  });

  test('of an etcd that does not catch up are refused after two minutes', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.lagsAt = revision(58);
    await rig.clock.advance(3_600_000 + 121_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_behind');
  });

  test('that end below the backup are read again, and in the end refused', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.sendInstead(databaseEndingAt(58));
    await rig.clock.advance(3_600_000 - periodMs);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_behind');
  });

  test('that fail end the snapshotter, after what was buffered is written', async () => {
    await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.sendInstead(flip(databaseEndingAt(60), 9000));
    await rig.clock.advance(3_600_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_corrupt');
    assert.match(rig.store.saved[1] ?? '', /^Incr-00000059-00000059-/);
  });
});

describe('a full that is taken while deltas go on', () => {
  test('cut the deltas at their revision, also when more was committed while they were read', async () => {
    await using rig = await watchingRig({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    await rig.clock.advance(3_600_000);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    rig.cluster.commit(put('b', 60), put('c', 61));
    await rig.clock.advance(10_000);
    rig.cluster.goOn();
    await rig.saved(3);
    await rig.clock.advance(3_400_000);
    await rig.saved(4);
    assert.deepEqual(
      rig.store.saved.map((name) => name.slice(0, 22)),
      ['Full-00000000-00000058', 'Incr-00000059-00000059', 'Full-00000000-00000059', 'Incr-00000060-00000061'],
    );
    assertTouching((await rig.store.list()).snapshots);
  });

  test('do not hold up deltas while they are read, and each revision is in the chain before or after', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(3_600_000 - periodMs / 2);
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    await rig.clock.advance(periodMs / 2);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    for (let round = 0; round < 3; round++) {
      rig.cluster.commit(put('b', 60 + 2 * round), put('c', 61 + 2 * round));
      await rig.clock.advance(periodMs);
      await rig.saved(3 + round);
    }
    assert.equal(rig.store.saved.filter((name) => name.startsWith('Full')).length, 1, 'the full is still being read');
    rig.cluster.goOn();
    await rig.saved(6);
    assert.match(rig.store.saved[5] ?? '', /^Full-00000000-00000059-/);
    const { snapshots } = await rig.store.list();
    assertTouching(snapshots);
    const chain = newestChain(snapshots);
    assert.equal(chain.outcome === 'chain' && chain.lastRevision, 65);
    assert.deepEqual(chain.outcome === 'chain' && chain.notes, []);
  });

  test('that deltas overtake while they are read are stored, since these fit to them', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 2_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    await rig.clock.advance(3_600_000);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    for (const at of [60, 61, 62, 63]) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(3_000) }));
    }
    await rig.saved(3);
    rig.cluster.goOn();
    await eventually(() => rig.store.saved.find((name) => name.startsWith('Full-00000000-00000059-')));
    await eventually(async () => {
      const chain = newestChain((await rig.store.list()).snapshots);
      assert.equal(chain.outcome, 'chain');
      return chain.outcome === 'chain' && chain.lastRevision === 63 ? true : undefined;
    });
    const chain = newestChain((await rig.store.list()).snapshots);
    assert.match(chain.outcome === 'chain' ? chain.base.name : '', /^Full-00000000-00000059-/);
    assert.deepEqual(chain.outcome === 'chain' && chain.notes, []);
    assert.equal(rig.cluster.snapshots, 2, 'nothing is read twice');
  });

  test('that take long to store do not hold up deltas, which fit to the chains before and after', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(3_600_000 - periodMs / 2);
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    rig.store.hold('Full');
    await rig.clock.advance(periodMs / 2);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    rig.cluster.commit(put('b', 60));
    rig.cluster.goOn();
    await eventually(() => (rig.store.begun.at(-1)?.startsWith('Full-00000000-00000059') ? true : undefined));
    await rig.clock.advance(periodMs);
    await rig.saved(3);
    const before = newestChain((await rig.store.list()).snapshots);
    assert.equal(before.outcome === 'chain' && before.lastRevision, 60, 'restorable while the full is on its way');
    rig.store.release();
    await rig.saved(4);
    const after = newestChain((await rig.store.list()).snapshots);
    assert.deepEqual(after.outcome === 'chain' && [after.base, ...after.deltas].map(({ name }) => name.slice(0, 22)), [
      'Full-00000000-00000059',
      'Incr-00000060-00000060',
    ]);
    assert.deepEqual(after.outcome === 'chain' && after.notes, []);
  });

  test('goes on right where the full ends with the deltas that waited, and discards those that it covers', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    await rig.clock.advance(3_600_000 - 1_000);
    rig.store.hold();
    const value = Buffer.alloc(1_200);
    for (let at = 59; at <= 70; at++) {
      rig.cluster.commit(put('k', at, { value }));
    }
    await eventually(() => (rig.tempFiles().length >= 8 ? true : undefined));
    await rig.clock.advance(1_000);
    await eventually(() =>
      rig.store.begun.some((name) => name.startsWith('Full-00000000-00000070')) ? true : undefined,
    );
    for (let at = 71; at <= 74; at++) {
      rig.cluster.commit(put('k', at, { value }));
    }
    await eventually(() => (rig.tempFiles().length >= 14 ? true : undefined));
    rig.store.release();
    await Promise.race([rig.ended, rig.saved(7)]);
    assert.deepEqual(
      rig.store.saved.slice(-4).map((name) => name.slice(0, 22)),
      Array.from({ length: 4 }, (_, at) => `Incr-000000${at + 71}-000000${at + 71}`),
    );
  });
});

describe('fulls that are asked for', () => {
  test('a full is taken at once, and waits for one that is being taken', async () => {
    await using rig = await watchingRig();
    rig.store.hold('Full');
    const first = rig.snapshotter.takeFull({ final: false });
    const second = rig.snapshotter.takeFull({ final: false });
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    assert.equal(rig.cluster.snapshots, 2);
    rig.store.release();
    await Promise.all([first, second]);
    assert.equal(rig.cluster.snapshots, 3);
    assert.equal(rig.snapshotter.newestChain.full?.lastRevision, 58);
  });

  test('a final full is named so, and not taken again while nothing changes', async () => {
    await using rig = await watchingRig();
    const final = await rig.snapshotter.takeFull({ final: true });
    assert.match(final.name, /^Full-00000000-00000058-\d+\.gz\.final$/);
    assert.equal((await rig.snapshotter.takeFull({ final: true })).name, final.name);
    rig.cluster.commit(put('a', 59));
    assert.match((await rig.snapshotter.takeFull({ final: true })).name, /^Full-00000000-00000059-/);
  });

  test('a final full is taken again of another state with the same revision', async () => {
    await using rig = startRig({ deltaPeriodMs: undefined });
    await rig.saved(1);
    rig.cluster.commit(put('one', 59));
    const final = await rig.snapshotter.takeFull({ final: true });
    rig.cluster.rollBack(58);
    rig.cluster.commit(put('another', 59));
    const again = await rig.snapshotter.takeFull({ final: true });
    assert.equal(again.lastRevision, final.lastRevision);
    assert.notEqual(again.name, final.name);
  });
});

/** Asserts that the deltas, in chain order, leave no revision out, and that a delta which ends where a full ends is older. */
function assertTouching(snapshots: readonly StoredSnapshot[]): void {
  const [first, ...others] = snapshots;
  let reached: number = first?.lastRevision ?? 0;
  for (const each of others) {
    if (each.kind === 'Incr') {
      assert.equal(each.startRevision, reached + 1, each.name);
      reached = each.lastRevision;
    } else {
      const last = snapshots.find(({ kind, lastRevision }) => kind === 'Incr' && lastRevision === each.lastRevision);
      assert.ok(last !== undefined && last.createdOn < each.createdOn, `${each.name} after ${last?.name}`);
    }
  }
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
