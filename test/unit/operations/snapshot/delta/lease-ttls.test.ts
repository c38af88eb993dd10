import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { labels, put } from '../../../../support/fixtures/delta-events.ts';
import { periodMs, type SnapshotterRig, watchingRig } from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('TTLs of leases', () => {
  const leased = (key: string, at: number, lease: bigint) => put(key, at, { lease });
  const asked = (rig: SnapshotterRig, count: number): Promise<true> =>
    eventually(() => (rig.cluster.leasesAsked.length >= count ? true : undefined));
  /** The newest delta, once there are `count` objects. */
  const nextDelta = async (rig: SnapshotterRig, count: number): Promise<string> => {
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    return (await rig.saved(count)).at(-1) ?? '';
  };

  test('are requested once for each lease, and are in every delta that names it', async () => {
    await using rig = await watchingRig();
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70)).set(-8n, () => Promise.resolve(80));
    rig.cluster.commit(
      leased('a', 59, 7n),
      leased('b', 59, -8n),
      leased('c', 59, 7n),
      put('d', 59),
      leased('e', 59, 9n),
    );
    await asked(rig, 3);
    assert.deepEqual(
      await rig.store.leaseTtls(await nextDelta(rig, 2)),
      new Map([
        [7n, 70],
        [-8n, 80],
      ]),
    );
    rig.cluster.commit(leased('a', 60, 7n), leased('e', 60, 9n));
    assert.deepEqual(await rig.store.leaseTtls(await nextDelta(rig, 3)), new Map([[7n, 70]]));
    assert.deepEqual(rig.cluster.leasesAsked, [7n, -8n, 9n]);
  });

  test('that come late are in the next delta; no delta waits for them', async () => {
    await using rig = await watchingRig();
    const answer = Promise.withResolvers<number>();
    rig.cluster.leaseTtls.set(7n, () => answer.promise);
    rig.cluster.commit(leased('a', 59, 7n));
    await asked(rig, 1);
    const early = await nextDelta(rig, 2);
    assert.deepEqual(labels(await rig.store.events(early)), ['a@59']);
    assert.deepEqual(await rig.store.leaseTtls(early), new Map());
    answer.resolve(70);
    rig.cluster.commit(put('b', 60));
    assert.deepEqual(await rig.store.leaseTtls(await nextDelta(rig, 3)), new Map([[7n, 70]]));
  });

  test('that etcd cannot give now are requested again, and no event is lost meanwhile', async () => {
    await using rig = await watchingRig();
    rig.cluster.leaseTtls.set(7n, () => Promise.reject(new Error('no leader')));
    rig.cluster.commit(leased('a', 59, 7n));
    await rig.logged(/^Some deltas may lack the TTLs of leases.*no leader/);
    await rig.clock.untilSleeping(1_000);
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70));
    await rig.clock.advance(1_000);
    await asked(rig, 2);
    await rig.clock.advance(periodMs);
    const [, delta = ''] = await rig.saved(2);
    assert.deepEqual(labels(await rig.store.events(delta)), ['a@59']);
    assert.deepEqual(await rig.store.leaseTtls(delta), new Map([[7n, 70]]));
  });

  test('are requested again after a full', async () => {
    await using rig = await watchingRig();
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70));
    rig.cluster.commit(leased('a', 59, 7n));
    await asked(rig, 1);
    await rig.snapshotter.takeFull({ final: false });
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(71));
    rig.cluster.commit(leased('a', 60, 7n));
    await asked(rig, 2);
    const delta = await nextDelta(rig, rig.store.saved.length + 1);
    assert.equal((await rig.store.leaseTtls(delta)).get(7n), 71);
  });
});
