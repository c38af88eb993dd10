import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import type { Snapshot } from '../../../../src/snapshot/snapshot.ts';
import { databaseEndingAt, type ScriptedCluster } from '../../../support/etcd/scripted-cluster.ts';
import { history, put } from '../../../support/fixtures/delta-events.ts';
import { storeDelta } from '../../../support/fixtures/stored-delta.ts';
import { periodMs, startRig, startSeconds } from '../../../support/snapshotter/snapshotter-rig.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

describe('a run that begins as needed', () => {
  const stored = (kind: 'Full' | 'Incr', from: number, to: number, isFinal = false) =>
    newSnapshot({
      kind,
      startRevision: revision(from),
      lastRevision: revision(to),
      createdOn: startSeconds - 600 + to,
      compression: 'gzip',
      isFinal,
    });

  test('goes on with deltas after a recent backup', async () => {
    const store = new MemoryStore();
    store.place(stored('Full', 0, 50));
    await storeDelta(store, history(51, 58), startSeconds - 600);
    store.saved.length = 0;
    const prepare = (cluster: ScriptedCluster): void => cluster.commit(put('a', 59));
    await using rig = startRig({ start: 'as needed' }, { store, prepare });
    await rig.cluster.watchingFrom(59);
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    assert.deepEqual(await rig.saved(1), [`Incr-00000059-00000059-${startSeconds + 20}.gz`]);
    assert.equal(rig.cluster.snapshots, 0);
  });

  for (const [what, snapshots] of [
    ['there is no backup', []],
    ['the backup is final', [stored('Full', 0, 58, true)]],
    ['the backup has a gap', [stored('Full', 0, 50), stored('Incr', 53, 58)]],
    ['the backup is ahead of etcd', [stored('Full', 0, 70)]],
    [
      'the end of the backup cannot be read, so that nothing can be proved',
      [stored('Full', 0, 50), stored('Incr', 51, 58)],
    ],
  ] as const) {
    test(`takes a full when ${what}`, async () => {
      await using rig = startRig({ start: 'as needed' }, { prepare: (_cluster, store) => store.place(...snapshots) });
      const [full] = await rig.saved(1);
      assert.match(full ?? '', /^Full-00000000-00000058-/);
    });
  }

  test('waits for a member that lags, whose full would hold less than the backup does', async () => {
    const store = new MemoryStore();
    store.place(stored('Full', 0, 50));
    await storeDelta(store, history(51, 60), startSeconds - 600);
    store.saved.length = 0;
    let lagging: ScriptedCluster | undefined;
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.commit(...history(59, 60));
      cluster.lagsAt = revision(58);
      lagging = cluster;
    };
    await using rig = startRig({ start: 'as needed' }, { store, prepare });
    await rig.logged(/^etcd is at revision 58, the backup at 60: waiting for it to catch up/);
    assert.ok(lagging !== undefined);
    lagging.lagsAt = undefined;
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.cluster.watchingFrom(61);
    assert.equal(rig.cluster.snapshots, 0);
  });

  test('is not led astray by a full that is named ahead of the clock and cannot be read', async () => {
    const store = new MemoryStore();
    store.place(stored('Full', 0, 50), stored('Incr', 51, 58));
    const createdOn = startSeconds + 1_000_000;
    const name = `Full-00000000-00009000-${createdOn}.gz`;
    store.place({ ...stored('Full', 0, 9_000), createdOn, name, ahead: { before: undefined } });
    await using rig = startRig({ start: 'as needed' }, { store });
    const [full] = await rig.saved(1);
    assert.match(full ?? '', new RegExp(`^Full-00000000-00000058-${startSeconds}`));
    assert.deepEqual(store.markers, []);
    assert.ok(!rig.log.lines.some(({ text }) => text.includes('ANOTHER HISTORY')));
  });
});

describe('a run that goes on from the backup while a full is due', () => {
  for (const [what, start, age] of [
    ['since the newest is too old', 'as needed', 90_000],
    ['since each run begins with one', 'full', 600],
  ] as const) {
    test(`${what}, stores deltas while that is read`, async () => {
      const store = new MemoryStore();
      store.place(fullUpTo(50, startSeconds - age));
      await storeDelta(store, history(51, 58), startSeconds - age + 60);
      store.saved.length = 0;
      const prepare = (cluster: ScriptedCluster): void => {
        cluster.commit(put('a', 59));
        cluster.holdSnapshots();
      };
      await using rig = startRig({ start }, { store, prepare });
      await rig.cluster.watchingFrom(59);
      await rig.logged(/^Successfully opened snapshot reader/);
      await rig.clock.untilSleeping(periodMs);
      await rig.clock.advance(periodMs);
      assert.match((await rig.saved(1))[0] ?? '', /^Incr-00000059-00000059-/);
      rig.cluster.goOn();
      assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000059-/);
      assert.equal(rig.cluster.snapshots, 1);
    });
  }

  test('takes it first where there are no deltas that could go on', async () => {
    const store = new MemoryStore();
    store.place(fullUpTo(50, startSeconds - 600));
    await storeDelta(store, history(51, 58), startSeconds - 540);
    store.saved.length = 0;
    await using rig = startRig({ deltaPeriodMs: undefined }, { store });
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000058-/);
  });
});

describe('a run that begins with a full', () => {
  const lagging = (cluster: ScriptedCluster): void => {
    cluster.commit(...history(59, 60));
    cluster.lagsAt = revision(58);
  };

  test('waits for a member that lacks what a quorum has accepted', async () => {
    await using rig = startRig({}, { prepare: lagging });
    await rig.logged(/^etcd is at revision 58, a quorum of its members at 60: waiting for it to catch up/);
    assert.equal(rig.cluster.snapshots, 0);
    rig.cluster.lagsAt = undefined;
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000060-/);
  });

  test('reads again what a member sends that lacks it', async () => {
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.commit(...history(59, 60));
      cluster.sendInstead(databaseEndingAt(59));
    };
    await using rig = startRig({}, { prepare });
    await rig.logged(/^The database ends at revision 59, a quorum of its members at 60: reading it again/);
    rig.cluster.sendInstead(undefined);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000060-/);
  });

  test('ends where none has it in time, and stores nothing', async () => {
    await using rig = startRig({}, { prepare: lagging });
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(121_000);
    await assert.rejects(
      rig.ended,
      /snapshot.*its database ends at revision 58, but a quorum .* has already accepted 60/,
    );
    assert.deepEqual(rig.store.saved, []);
  });

  test('takes another one at the next time when the first lacks what a member showed before it was read', async () => {
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.commit(...history(59, 60));
      cluster.hasNoQuorum = true;
      cluster.sendInstead(databaseEndingAt(59));
    };
    await using rig = startRig({ deltaPeriodMs: undefined }, { prepare });
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000059-/);
    rig.cluster.sendInstead(undefined);
    await rig.logged(/^Will take next full snapshot/);
    await rig.clock.advance(60 * 60_000);
    assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000060-/);
  });

  test('reads until a member has what was accepted when the full was asked for, not what has been since', async () => {
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.commit(...history(59, 60));
      cluster.sendInstead(databaseEndingAt(59));
    };
    await using rig = startRig({}, { prepare });
    await rig.logged(/^The database ends at revision 59, a quorum of its members at 60: reading it again/);
    rig.cluster.commit(put('a', 61));
    rig.cluster.sendInstead(databaseEndingAt(60));
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000060-/);
  });

  test('reads until a member has what was accepted when the full was asked for, also where no quorum answers later', async () => {
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.commit(...history(59, 60));
      cluster.sendInstead(databaseEndingAt(59));
    };
    await using rig = startRig({}, { prepare });
    await rig.logged(/^The database ends at revision 59, a quorum of its members at 60: reading it again/);
    rig.cluster.hasNoQuorum = true;
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    rig.cluster.sendInstead(databaseEndingAt(60));
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000060-/);
  });

  test('does not store less than is stored, also where no quorum tells', async () => {
    const store = new MemoryStore();
    store.place(fullUpTo(50, startSeconds - 90_000));
    await storeDelta(store, history(51, 60), startSeconds - 89_000);
    store.saved.length = 0;
    const prepare = (cluster: ScriptedCluster): void => {
      cluster.hasNoQuorum = true;
      lagging(cluster);
    };
    await using rig = startRig({}, { store, prepare });
    await rig.logged(/^etcd is at revision 58, the backup at 60: waiting for it to catch up/);
    rig.cluster.lagsAt = undefined;
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(1))[0] ?? '', /^Full-00000000-00000060-/);
  });
});

function fullUpTo(lastRevision: number, createdOn: number): Snapshot {
  return newSnapshot({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: revision(lastRevision),
    createdOn,
    compression: 'gzip',
    isFinal: false,
  });
}
