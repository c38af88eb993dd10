import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { revision } from '../../../../../src/revision.ts';
import { Failure } from '../../../../../src/runtime/failure.ts';
import { history, labels, put } from '../../../../support/fixtures/delta-events.ts';
import {
  firstDelta,
  periodMs,
  startRig,
  startSeconds,
  watchingRig,
} from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('deltas', () => {
  test('are written when the period is over and hold exactly what was committed', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 59));
    rig.cluster.commit(put('a', 60, { version: 2, lease: 2n ** 62n }));
    await rig.clock.advance(periodMs);
    const [, delta] = await rig.saved(2);
    assert.equal(delta, `Incr-00000059-00000060-${startSeconds + 20}.gz`);
    assert.deepEqual(await rig.store.events(delta ?? ''), [
      put('a', 59),
      put('b', 59),
      put('a', 60, { version: 2, lease: 2n ** 62n }),
    ]);
  });

  test('are not written for an empty period', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(periodMs);
    await rig.logged(/^No events received to save snapshot. Skipping delta snapshot.$/);
    assert.equal(rig.store.saved.length, 1);
  });

  test('follow each other without a gap', async () => {
    await using rig = await watchingRig();
    for (let round = 0; round < 4; round++) {
      rig.cluster.commit(...history(firstDelta + round * 5, firstDelta + round * 5 + 4));
      await rig.clock.untilSleeping(periodMs);
      await rig.clock.advance(periodMs);
      await rig.saved(2 + round);
    }
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      ['Incr-00000059-00000063', 'Incr-00000064-00000068', 'Incr-00000069-00000073', 'Incr-00000074-00000078'],
    );
  });

  test('come once in each period, also where a store takes a part of it for each', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(periodMs / 2);
    for (let at = firstDelta; at < firstDelta + 3; at++) {
      rig.store.hold('Incr');
      rig.cluster.commit(put('a', at));
      await rig.clock.advance(periodMs / 2);
      await rig.begun(`Incr-000000${at}`);
      await rig.clock.advance(periodMs / 2);
      rig.store.release();
      await rig.saved(2 + at - firstDelta);
      await rig.clock.untilSleeping(periodMs / 2);
    }
  });

  test('follow each other at once where a store takes longer than a period for each', async () => {
    await using rig = await watchingRig();
    rig.store.hold('Incr');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.begun('Incr-00000059');
    rig.cluster.commit(put('a', 60));
    await rig.clock.advance(periodMs * 2);
    rig.store.release();
    await rig.saved(2);
    await rig.clock.advance(0);
    await rig.saved(3);
    await rig.clock.untilSleeping(periodMs);
  });

  test('upstream 152: are saved one after the other, while events are buffered up to the limit and no further', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    const big = (at: number) => put('k', at, { value: Buffer.alloc(800) });
    rig.store.hold();
    for (let at = 59; at <= 64; at++) {
      rig.cluster.commit(big(at));
    }
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    await rig.clock.advance(periodMs * 3);
    assert.equal(rig.store.begun.length, 2, 'the second delta waits for the first');
    rig.store.release();
    await rig.saved(7);
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      [59, 60, 61, 62, 63, 64].map((at) => `Incr-000000${at}-000000${at}`),
    );
  });

  test('wait in files while the store is slow, and arrive in order', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    rig.store.hold();
    for (let at = 59; at <= 90; at++) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(800) }));
    }
    await eventually(() => (rig.tempFiles().length >= 28 ? true : undefined));
    assert.equal(rig.store.begun.length, 2);
    rig.store.release();
    await rig.saved(33);
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      Array.from({ length: 32 }, (_, at) => `Incr-000000${at + 59}-000000${at + 59}`),
    );
    assert.deepEqual(labels(await rig.store.events(rig.store.saved[20] ?? '')), ['k@78']);
    await eventually(() => (rig.tempFiles().length === 0 ? true : undefined));
  });

  test('are not taken at all without a period', async () => {
    await using rig = startRig({ deltaPeriodMs: undefined });
    await rig.saved(1);
    await rig.logged(/^Will take next full snapshot/);
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    assert.deepEqual(rig.cluster.watchedFrom, []);
    assert.equal(rig.store.saved.length, 1);
    await rig.clock.advance(3_600_000);
    assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000059-/);
  });
});

describe('a delta that is asked for', () => {
  test('a delta holds everything etcd accepted before, and is nothing when there is nothing', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 60));
    const delta = await rig.snapshotter.takeDelta();
    assert.deepEqual([delta?.startRevision, delta?.lastRevision], [59, 60]);
    assert.equal(await rig.snapshotter.takeDelta(), undefined);
  });

  test('fails where etcd does not send in time what it has accepted before; what it has sent is stored', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    rig.cluster.lagsAt = revision(60);
    const asked = rig.snapshotter.takeDelta();
    const refused = assert.rejects(
      asked,
      (error) =>
        error instanceof Failure &&
        error.code === 'delta_incomplete' &&
        error.message.includes('etcd is at revision 60, and the store has the changes up to 59'),
    );
    await rig.clock.untilSleeping(20_000);
    await rig.clock.advance(20_000);
    await refused;
    assert.match((await rig.saved(2))[1] ?? '', /^Incr-00000059-00000059-/);
    rig.cluster.lagsAt = undefined;
    assert.equal(await rig.snapshotter.takeDelta(), undefined);
  });

  test('tells that the run has ended where that is why not all has arrived; what has is stored', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    rig.cluster.lagsAt = revision(60);
    const asked = rig.snapshotter.takeDelta();
    const refused = assert.rejects(asked, (error) => error instanceof Failure && error.code === 'snapshotter_ended');
    await rig.clock.untilSleeping(20_000);
    rig.cluster.lagsAt = revision(59);
    await rig.stop();
    await refused;
    assert.match((await rig.saved(2))[1] ?? '', /^Incr-00000059-00000059-/);
  });

  test('has the period begin anew, also where there was nothing to write', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(15_000);
    assert.equal(await rig.snapshotter.takeDelta(), undefined);
    await rig.clock.untilSleeping(periodMs);
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs - 1);
    assert.deepEqual(rig.store.begun.length, 1);
    await rig.clock.advance(1);
    assert.match((await rig.saved(2))[1] ?? '', /^Incr-00000059-00000059-/);
  });

  test('a delta is refused when deltas are turned off', async () => {
    await using rig = startRig({ deltaPeriodMs: undefined });
    await rig.saved(1);
    await assert.rejects(
      rig.snapshotter.takeDelta(),
      (error) => error instanceof Failure && error.code === 'deltas_disabled',
    );
  });
});
