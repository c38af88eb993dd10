import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoredOrder } from '../../../../../src/operations/snapshot/history/stored-order.ts';
import { historiesOf } from '../../../../../src/snapshot/history/histories.ts';
import { markerName } from '../../../../../src/snapshot/history/history-marker.ts';
import { relativeKey } from '../../../../../src/snapshot/name.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';
import { put } from '../../../../support/fixtures/delta-events.ts';
import { snapshotNamed } from '../../../../support/fixtures/snapshots.ts';
import { periodMs, startSeconds, watchingRig } from '../../../../support/snapshotter/snapshotter-rig.ts';
import { MemoryStore } from '../../../../support/stores/memory-store.ts';

const DAY = 86_400;
const OLDER = `Full-0-50-${5 * DAY}`;
const FULL = `Full-0-58-${6 * DAY}`;
const BEHIND = `Incr-59-70-${2 * DAY}`;

interface Facts {
  readonly continuesStore: boolean;
  readonly writtenFulls?: readonly string[];
}

async function marked({ continuesStore, writtenFulls = [] }: Facts, names = [OLDER, FULL, BEHIND]): Promise<unknown> {
  const store = new MemoryStore();
  store.place(...names.map(snapshotNamed));
  const last = snapshotNamed(names.at(-1) ?? BEHIND);
  const guard = { continuesStore, clusterId: 1n };
  const order = new StoredOrder({
    store,
    guard,
    chain: { youngest: 6 * DAY, writtenFulls: new Set(writtenFulls) },
  });
  const context = recordedContext();
  await order.stored({ ...last, key: relativeKey(last), size: 1_000 }, context);
  const again = snapshotNamed(`Incr-71-80-${last.createdOn + 20}`);
  await order.stored({ ...again, key: relativeKey(again), size: 1_000 }, context);
  return store.markers.map((marker) => (marker.why === 'clock_behind' ? marker.after : marker.why));
}

describe('a snapshot that is named days before what it continues', () => {
  test('leaves one marker that says which fulls were there before', async () => {
    assert.deepEqual(await marked({ continuesStore: true }), [[OLDER, FULL]]);
  });

  test('leaves none about fulls that nothing proves it continues', async () => {
    assert.deepEqual(await marked({ continuesStore: false, writtenFulls: [FULL] }), [[FULL]]);
    assert.deepEqual(await marked({ continuesStore: false }), []);
  });

  test('leaves none where times are followed, or only deltas are named later', async () => {
    assert.deepEqual(await marked({ continuesStore: true }, [FULL, `Incr-59-70-${5 * DAY + 1}`]), []);
    assert.deepEqual(
      await marked({ continuesStore: true }, [`Full-0-58-${DAY}`, `Incr-59-60-${6 * DAY}`, `Incr-61-70-${2 * DAY}`]),
      [],
    );
  });

  test('takes the place of no other marker: the first full of a history may end where its past does', async () => {
    const store = new MemoryStore();
    const first = snapshotNamed(`Full-0-60-${2 * DAY}`);
    const left = snapshotNamed(`Incr-59-70-${DAY}`);
    store.place(snapshotNamed(FULL), left, first);
    const numbers = { begunOn: first.createdOn, shared: first.lastRevision };
    const begun = { ...numbers, name: markerName(numbers), first: first.name, clusterId: '1', left: [left.name] };
    await store.histories.save({ ...begun, why: 'rolled_back' });
    const guard = { continuesStore: true, clusterId: 1n };
    const order = new StoredOrder({ store, guard, chain: { youngest: 6 * DAY, writtenFulls: new Set<string>() } });
    await order.stored({ ...first, key: relativeKey(first), size: 1_000 }, recordedContext());
    const { snapshots, markers } = await store.list();
    assert.deepEqual(markers.map(({ why }) => why).sort(), ['clock_behind', 'rolled_back']);
    assert.deepEqual(
      historiesOf(snapshots, markers).left.map(({ own }) => own.map(({ name }) => name)),
      [[left.name]],
    );
  });

  test('is no failure where the marker cannot be written', async () => {
    const store = new MemoryStore();
    store.place(snapshotNamed(FULL));
    store.fail('denied');
    const guard = { continuesStore: true, clusterId: 1n };
    const context = recordedContext();
    const last = snapshotNamed(BEHIND);
    const chain = { youngest: 6 * DAY, writtenFulls: new Set<string>() };
    await new StoredOrder({ store, guard, chain }).stored({ ...last, key: relativeKey(last), size: 1 }, context);
    assert.match(context.lines.at(-1)?.text ?? '', /no marker could be written/);
  });

  test('is tried again with the next full, or after some minutes, and warns once', async () => {
    const store = new MemoryStore();
    store.place(snapshotNamed(FULL));
    store.fail('denied');
    let listings = 0;
    const list = store.list.bind(store);
    store.list = () => {
      listings += 1;
      return list();
    };
    const guard = { continuesStore: true, clusterId: 1n };
    const context = recordedContext();
    const order = new StoredOrder({ store, guard, chain: { youngest: 6 * DAY, writtenFulls: new Set<string>() } });
    const stored = async (name: string): Promise<void> => {
      const snapshot = snapshotNamed(name);
      await order.stored({ ...snapshot, key: relativeKey(snapshot), size: 1 }, context);
    };
    for (const name of [BEHIND, `Incr-71-72-${2 * DAY + 20}`, `Incr-73-74-${2 * DAY + 40}`]) {
      await stored(name);
    }
    assert.equal(listings, 1);
    await stored(`Full-0-74-${2 * DAY + 50}`);
    assert.equal(listings, 2);
    await context.clock.sleep(5 * 60_000, context.signal);
    await stored(`Incr-75-76-${2 * DAY + 350}`);
    assert.equal(listings, 3);
    assert.equal(context.lines.filter(({ level }) => level === 'warn').length, 1);
    store.fail(undefined);
    await stored(`Full-0-80-${2 * DAY + 400}`);
    assert.equal(store.markers.length, 1);
  });
});

test('a running snapshotter whose clock is set back by days leaves no doubt about the order', async () => {
  await using rig = await watchingRig();
  rig.clock.shift(-5 * DAY * 1_000);
  rig.cluster.commit(put('a', 59));
  await rig.clock.advance(periodMs);
  await rig.logged(/days older than Full-00000000-00000058-.*, which it continues/);
  const { snapshots, markers } = await rig.store.list();
  const names = snapshots.map(({ createdOn }) => createdOn - startSeconds);
  assert.deepEqual(names, [0, -5 * DAY + 20]);
  assert.deepEqual(historiesOf(snapshots, markers).suspected, []);
  assert.equal(historiesOf(snapshots, []).suspected.length, 0, 'the listing itself says it');
});
