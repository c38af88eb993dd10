import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { newestChain } from '../../../../../src/snapshot/chain.ts';
import { historiesOf } from '../../../../../src/snapshot/history/histories.ts';
import { history, put } from '../../../../support/fixtures/delta-events.ts';
import {
  periodMs,
  type SnapshotterRig,
  startRig,
  watchingRig,
} from '../../../../support/snapshotter/snapshotter-rig.ts';
import type { MemoryStore } from '../../../../support/stores/memory-store.ts';

/** Kinds and revisions of the living history's objects. */
async function living(store: MemoryStore): Promise<readonly string[]> {
  const { snapshots, markers } = await store.list();
  return historiesOf(snapshots, markers).living.snapshots.map(({ name }) => name.slice(0, 22));
}

async function marked(rig: SnapshotterRig): Promise<void> {
  await rig.logged(/^A NEW HISTORY BEGINS/);
}

/** Lets a delta be written. */
async function period(rig: SnapshotterRig): Promise<void> {
  await rig.clock.untilSleeping(periodMs);
  await rig.clock.advance(periodMs);
}

describe('a cluster that is put back to an older state while it is watched', () => {
  test('gets a new history: a full at once and a marker; deltas go on after it', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(...history(59, 65));
    await period(rig);
    await rig.saved(2);
    rig.cluster.rollBack(61);
    await marked(rig);
    assert.match(rig.store.saved[2] ?? '', /^Full-00000000-00000061-/);
    const [marker] = rig.store.markers;
    assert.deepEqual([marker?.why, marker?.shared, marker?.first], ['rolled_back', 61, rig.store.saved[2]]);
    assert.deepEqual(
      marker?.left.map((name) => name.slice(0, 22)),
      ['Incr-00000059-00000065'],
    );
    await rig.cluster.watchingFrom(62);
    rig.cluster.commit(put('new', 62));
    await period(rig);
    await rig.saved(4);
    assert.deepEqual(await living(rig.store), [
      'Full-00000000-00000058',
      'Full-00000000-00000061',
      'Incr-00000062-00000062',
    ]);
    assert.equal(rig.log.count(/^THE CLUSTER HAS ANOTHER HISTORY/), 1);
  });

  test('is noticed when it has overtaken what was seen, by its events', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(...history(59, 65));
    await period(rig);
    await rig.saved(2);
    rig.cluster.rollBack(61);
    rig.cluster.commit(...[62, 63, 64, 65, 66].map((at) => put('other', at)));
    await marked(rig);
    assert.deepEqual([rig.store.markers[0]?.why, rig.store.markers[0]?.shared], ['different_events', 61]);
    assert.match(rig.store.saved[2] ?? '', /^Full-00000000-00000066-/);
  });

  test('is noticed while events are buffered, which end the history that is left', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    await period(rig);
    await rig.saved(2);
    rig.cluster.commit(put('b', 60), put('c', 61));
    await rig.clock.advance(1_000);
    rig.cluster.rollBack(59);
    await marked(rig);
    assert.deepEqual(
      rig.store.saved.map((name) => name.slice(0, 22)),
      ['Full-00000000-00000058', 'Incr-00000059-00000059', 'Incr-00000060-00000061', 'Full-00000000-00000059'],
    );
    assert.deepEqual([rig.store.markers[0]?.shared, rig.store.markers[0]?.left.length], [59, 1]);
    const chain = newestChain(
      (await rig.store.list()).snapshots.filter(({ name }) => !rig.store.markers[0]?.left.includes(name)),
    );
    assert.equal(chain.outcome === 'chain' && chain.lastRevision, 59);
  });

  test('is noticed by a scheduled full, also without deltas', async () => {
    await using rig = startRig({ deltaPeriodMs: undefined });
    await rig.saved(1);
    await rig.logged(/^Will take next full snapshot/);
    rig.cluster.commit(...history(59, 65));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    await rig.logged(/^Will take next full snapshot/, 2);
    rig.cluster.rollBack(61);
    rig.cluster.commit(...[62, 63, 64, 65, 66].map((at) => put('other', at)));
    await rig.clock.advance(3_600_000);
    await marked(rig);
    assert.deepEqual(rig.store.markers[0]?.left, [rig.store.saved[1]]);
    // The full that is left holds the events up to its end, so that it tells where they part.
    assert.equal(rig.store.markers[0]?.shared, 61);
  });
});

test('a second change begins a third history', async () => {
  await using rig = await watchingRig();
  rig.cluster.commit(...history(59, 65));
  await period(rig);
  await rig.saved(2);
  rig.cluster.rollBack(61);
  await rig.cluster.watchingFrom(62);
  rig.cluster.commit(put('new', 62), put('new', 63));
  await period(rig);
  await rig.saved(4);
  rig.cluster.rollBack(60);
  await rig.cluster.watchingFrom(61);
  const [first, second] = rig.store.markers;
  // What was left before proves nothing of the history that is left now; the full that this one begins with does.
  assert.deepEqual([second?.shared, second?.left.length], [60, 2]);
  assert.ok((second?.begunOn ?? 0) > (first?.begunOn ?? 0));
  assert.deepEqual(await living(rig.store), ['Full-00000000-00000058', 'Full-00000000-00000060']);
});

test('another cluster under the prefix shares nothing', async () => {
  await using rig = await watchingRig();
  rig.cluster.commit(...history(59, 65));
  await period(rig);
  await rig.saved(2);
  rig.cluster.clusterId = 8n;
  rig.cluster.rollBack(58);
  await marked(rig);
  assert.equal(rig.store.markers[0]?.why, 'other_cluster');
});

test('events that arrive while the position is asked for are no sign of a roll-back', async () => {
  await using rig = await watchingRig();
  const { position } = rig.cluster;
  rig.cluster.position = async () => {
    const answer = await position.call(rig.cluster);
    if (rig.cluster.snapshots === 1) {
      rig.cluster.commit(put('meanwhile', 59));
    }
    await rig.clock.advance(0);
    return answer;
  };
  const full = await rig.snapshotter.takeFull({ final: false });
  assert.equal(full.lastRevision, 59);
  assert.deepEqual(rig.store.markers, []);
  assert.equal(rig.log.count(/HISTORY/), 0);
});

test('the marker is tried again while the store fails, and no event is buffered before it is there', async () => {
  await using rig = await watchingRig();
  rig.cluster.commit(...history(59, 65));
  await period(rig);
  await rig.saved(2);
  const { save } = rig.store.histories;
  let failures = 2;
  rig.store.histories.save = async (marker) => {
    failures -= 1;
    return failures >= 0 ? await Promise.reject(rig.store.failure('transient')) : await save(marker);
  };
  rig.cluster.rollBack(61);
  for (let tried = 1; tried <= 2; tried++) {
    await rig.logged(/^Trying to mark a new history again/, tried);
    assert.deepEqual(rig.cluster.watchedFrom, [59]);
    await eventually(async () => {
      await rig.clock.advance(1_000);
      return failures < 2 - tried || failures < 0 ? true : undefined;
    });
  }
  await marked(rig);
  await rig.cluster.watchingFrom(62);
});

describe('a start', () => {
  test('over a store that reaches beyond the cluster begins a new history', async () => {
    const before = await watchingRig();
    before.cluster.commit(...history(59, 65));
    await before.stop();
    const prepare = (cluster: SnapshotterRig['cluster']): void => cluster.commit(...history(59, 62), put('new', 63));
    await using rig = startRig({}, { store: before.store, prepare });
    await marked(rig);
    const [marker] = rig.store.markers;
    assert.deepEqual([marker?.why, marker?.shared, marker?.left.length], ['rolled_back', 62, 1]);
  });

  test('over a store whose last event is another one begins a new history', async () => {
    const before = await watchingRig();
    before.cluster.commit(...history(59, 65));
    await before.stop();
    const prepare = (cluster: SnapshotterRig['cluster']): void =>
      cluster.commit(...history(59, 62), ...[63, 64, 65, 66].map((at) => put('new', at)));
    await using rig = startRig({}, { store: before.store, prepare });
    await marked(rig);
    assert.deepEqual([rig.store.markers[0]?.why, rig.store.markers[0]?.shared], ['different_events', 62]);
  });

  test('over a store that the cluster continues leaves no marker', async () => {
    const before = await watchingRig();
    before.cluster.commit(...history(59, 65));
    await before.stop();
    const prepare = (cluster: SnapshotterRig['cluster']): void => cluster.commit(...history(59, 66));
    await using rig = startRig({}, { store: before.store, prepare });
    await rig.cluster.watchingFrom(66);
    await rig.logged(/^Successfully saved full snapshot at: .*-00000066-/);
    assert.deepEqual(rig.store.markers, []);
    assert.equal(rig.log.count(/HISTORY/), 0);
  });

  test('after a crash between the first full and the marker: both histories are told apart at once, and the marker is written', async () => {
    const store = await storeOfFirstHistory();
    const { save } = store.histories;
    {
      store.histories.save = powerLoss;
      await using crashing = startRig({}, { store, prepare: (cluster) => cluster.commit(...history(59, 61)) });
      await assert.rejects(crashing.ended, /lost its power/);
      assert.match(store.saved.at(-1) ?? '', /^Full-00000000-00000061-/);
    }
    assert.deepEqual(await living(store), ['Full-00000000-00000058', 'Full-00000000-00000061']);
    assert.equal(store.markers.length, 0);
    store.histories.save = save;
    await using rig = startRig({}, { store, prepare: (cluster) => cluster.commit(...history(59, 62)) });
    await rig.cluster.watchingFrom(62);
    assert.deepEqual(
      store.markers.map(({ first, left }) => [first.slice(0, 22), ...left.map((name) => name.slice(0, 22))]),
      [['Full-00000000-00000061', 'Incr-00000059-00000065']],
    );
    assert.deepEqual(store.announced, []);
  });

  test('after a crash between the announcement and the first full finds the history before as it was', async () => {
    const store = await storeOfFirstHistory();
    const before = await living(store);
    {
      const prepare = (cluster: SnapshotterRig['cluster']): void => {
        cluster.commit(...history(59, 61));
        store.hold('Full');
      };
      await using crashing = startRig({}, { store, prepare });
      await crashing.begun('Full-00000000-00000061');
      crashing.abort();
      await assert.rejects(crashing.ended, { code: 'left_undone' });
      store.release();
    }
    assert.equal(store.announced.length, 1);
    assert.deepEqual(await living(store), before);
    await using rig = startRig({}, { store, prepare: (cluster) => cluster.commit(...history(59, 66)) });
    await rig.cluster.watchingFrom(66);
    assert.deepEqual([store.announced, store.markers], [[], []]);
  });

  test('over a store that takes no announcement begins the new history all the same', async () => {
    const store = await storeOfFirstHistory();
    store.histories.announce = () => Promise.reject(store.failure('denied'));
    await using rig = startRig({}, { store, prepare: (cluster) => cluster.commit(...history(59, 61)) });
    await marked(rig);
    assert.equal(rig.log.count(/^The new history cannot be announced/), 1);
    assert.deepEqual(await living(store), ['Full-00000000-00000058', 'Full-00000000-00000061']);
  });
});

/** What a run has left that was at revision 65. */
async function storeOfFirstHistory(): Promise<MemoryStore> {
  const before = await watchingRig();
  before.cluster.commit(...history(59, 65));
  await before.stop();
  return before.store;
}

function powerLoss(): Promise<void> {
  return Promise.reject(new Error('the machine lost its power'));
}
