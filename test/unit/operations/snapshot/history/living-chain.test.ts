import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revision } from '../../../../../src/revision.ts';
import { markerName, type StoreMarker } from '../../../../../src/snapshot/history/history-marker.ts';
import { newSnapshot } from '../../../../../src/snapshot/name.ts';
import type { ScriptedCluster } from '../../../../support/etcd/scripted-cluster.ts';
import { history, put } from '../../../../support/fixtures/delta-events.ts';
import { storeDelta } from '../../../../support/fixtures/stored-delta.ts';
import {
  firstDelta,
  periodMs,
  type SnapshotterRig,
  startRig,
  startSeconds,
  watchingRig,
} from '../../../../support/snapshotter/snapshotter-rig.ts';
import { MemoryStore } from '../../../../support/stores/memory-store.ts';

describe('another writer begins a new history in the store of a running snapshotter', () => {
  test('no delta of the chain that was left follows, and the run ends with the reason', async () => {
    await using rig = await watchingRig();
    const [full] = rig.store.saved;
    assert.ok(full !== undefined);
    await beginsHistory(rig, [full]);
    rig.cluster.commit(put('a', 59));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await assert.rejects(rig.ended, { code: 'history_taken_over' });
    assert.deepEqual(rig.store.saved, [full]);
  });

  test('nor where its full is of the past that both share, whether deltas of it were left or are not stored yet', async () => {
    for (const stored of [0, 1]) {
      await using rig = await watchingRig();
      if (stored > 0) {
        rig.cluster.commit(put('a', 59));
        await rig.clock.advance(periodMs);
        await rig.saved(2);
      }
      const before = [...rig.store.saved];
      await beginsHistory(rig, before.slice(1), revision(58));
      rig.cluster.commit(put('b', 59 + stored));
      await rig.clock.untilSleeping(periodMs);
      await rig.clock.advance(periodMs);
      await assert.rejects(rig.ended, { code: 'history_taken_over' });
      assert.deepEqual(rig.store.saved, before);
    }
  });

  test('nor where that was between the listing at the start of a run that resumes the shared past and its first delta', async () => {
    const store = new MemoryStore();
    await storeFullAndDelta(store);
    const before = [...store.saved];
    const prepare = (cluster: ScriptedCluster): void => cluster.commit(put('a', 59));
    await using rig = startRig({ start: 'as needed' }, { store, prepare });
    await rig.cluster.watchingFrom(59);
    await beginsHistory(rig, [], revision(58));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await assert.rejects(rig.ended, { code: 'history_taken_over' });
    assert.deepEqual(store.saved, before);
  });

  test('nor where that was between the listing at the start and the first full, which is named before it', async () => {
    const store = new MemoryStore();
    store.hold('Full');
    await using rig = startRig({}, { store });
    await rig.begun('Full-');
    await beginsHistory(rig, [], revision(58));
    store.release();
    await rig.cluster.watchingFrom(firstDelta);
    rig.cluster.commit(put('a', firstDelta));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await assert.rejects(rig.ended, { code: 'history_taken_over' });
    assert.equal(store.saved.length, 1);
  });

  test('markers that are there at the start change nothing', async () => {
    const store = new MemoryStore();
    await storeFullAndDelta(store);
    await store.histories.save(otherMarker());
    const prepare = (cluster: ScriptedCluster): void => cluster.commit(put('a', 59));
    await using rig = startRig({ start: 'as needed' }, { store, prepare });
    await rig.cluster.watchingFrom(59);
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await rig.saved(2);
  });

  test('a run that may write and not list goes on', async () => {
    const store = new MemoryStore();
    const denied = () => Promise.reject(store.failure('denied'));
    store.list = denied;
    store.histories.names = denied;
    await using rig = startRig({}, { store });
    await rig.cluster.watchingFrom(firstDelta);
    rig.cluster.commit(put('a', firstDelta));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    assert.equal((await rig.saved(2)).length, 2);
  });

  test('a marker that leaves other objects than those of its chain changes nothing', async () => {
    await using rig = await watchingRig();
    await rig.store.histories.save(otherMarker());
    rig.cluster.commit(put('a', 59));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    assert.equal((await rig.saved(2)).length, 2);
  });
});

/** A marker of long ago, which leaves nothing of what is there. */
function otherMarker(): StoreMarker {
  return {
    name: markerName({ begunOn: startSeconds - 5, shared: revision(0) }),
    begunOn: startSeconds - 5,
    why: 'rolled_back',
    shared: revision(0),
    first: 'Full-00000000-00000001-1.gz',
    clusterId: 'ab',
    left: ['Full-00000000-00000099-2.gz'],
  };
}

/** A backup that a run resumes, up to revision 58. */
async function storeFullAndDelta(store: MemoryStore): Promise<void> {
  const full = { kind: 'Full', startRevision: revision(0), lastRevision: revision(50), isFinal: false } as const;
  store.place(newSnapshot({ ...full, createdOn: startSeconds - 550, compression: 'gzip' }));
  await storeDelta(store, history(51, 58), startSeconds - 600);
}

/** The first full of another cluster, and the marker that leaves what was there. */
async function beginsHistory(rig: SnapshotterRig, left: readonly string[], shared = revision(0)): Promise<void> {
  const begunOn = startSeconds + 1;
  const first = newSnapshot({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: revision(Math.max(1, shared)),
    createdOn: begunOn,
    compression: 'gzip',
    isFinal: false,
  });
  rig.store.place(first);
  await rig.store.histories.save({
    name: markerName({ begunOn, shared }),
    begunOn,
    why: 'rolled_back',
    shared,
    first: first.name,
    clusterId: 'ab',
    left,
  });
}
