import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { findSharedRevision } from '../../../../../src/operations/snapshot/history/shared-revision.ts';
import { revision } from '../../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../../src/snapshot/delta-event.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';
import { eventDatabase } from '../../../../support/datadir/event-database.ts';
import { deltaObject, fullObject } from '../../../../support/fixtures/backup-objects.ts';
import { history, put } from '../../../../support/fixtures/delta-events.ts';
import { type MemoryObject, memorySnapStore } from '../../../../support/stores/memory-snapstore.ts';

/** The other cluster's writes, each of its own key. */
function others(first: number, last: number): readonly DeltaEvent[] {
  return history(first, last).map(({ modRevision }) => put(`other-${modRevision}`, modRevision));
}

async function full(events: readonly DeltaEvent[], compactedUpTo?: number): Promise<MemoryObject> {
  const database = await eventDatabase(events, compactedUpTo === undefined ? {} : { compactedUpTo });
  return fullObject(database, { lastRevision: events.at(-1)?.modRevision ?? 1 });
}

/** What the objects of a store share with a cluster in which `events` have happened. */
async function shared(
  objects: readonly MemoryObject[],
  cluster: { readonly events: readonly DeltaEvent[]; readonly compactedUpTo?: number },
  differsAt?: number,
): Promise<readonly number[]> {
  using dir = makeTempDir();
  const store = memorySnapStore(objects);
  const path = dir.join('db');
  const { events, ...compacted } = cluster;
  writeFileSync(path, await eventDatabase(events, compacted));
  const database = { path, lastRevision: revision(events.at(-1)?.modRevision ?? 1) };
  const { snapshots } = await store.list({ signal: AbortSignal.timeout(20_000) });
  const known = differsAt === undefined ? {} : { differsAt: revision(differsAt) };
  const comparison = { store, snapshots, database, tempDir: dir.path, ...known };
  const found = await findSharedRevision(comparison, recordedContext());
  return [found.proved, found.possible];
}

/** Each key is written once and again at the same place, so that compactions leave nothing to compare. */
function busy(first: number, last: number, key: string): readonly DeltaEvent[] {
  return history(first, last).map(({ modRevision }) =>
    put(key, modRevision, { createRevision: revision(2), version: modRevision - 1 }),
  );
}

describe('a cluster that was put back to an older state', () => {
  const restored = { events: [...history(2, 50), ...others(51, 53)] };

  test('which only a newer full still holds shares the revisions up to that state', async () => {
    assert.deepEqual(await shared([await full(history(2, 80))], restored), [50, 50]);
  });

  test('shares all of it when nothing was written since', async () => {
    assert.deepEqual(await shared([await full(history(2, 80))], { events: history(2, 50) }), [50, 50]);
  });

  test('shares it where the ends of older fulls are compacted away in it', async () => {
    const past = busy(2, 50, 'busy');
    const objects = [await full(past.slice(0, 20)), await full([...past, ...busy(51, 80, 'old')], 40)];
    const cluster = { events: [...past, ...busy(51, 70, 'new')], compactedUpTo: 45 };
    assert.deepEqual(await shared(objects, cluster), [50, 50]);
  });

  test('among many fulls shares those that end before', async () => {
    const fulls = [20, 30, 40, 60, 70, 80, 90].map((end) => full(history(2, end)));
    assert.deepEqual(await shared(await Promise.all(fulls), restored), [50, 50]);
  });

  test('by deltas shares the revisions up to that state, and no full is read', async () => {
    const unread = fullObject(Buffer.alloc(4096), { lastRevision: 80 });
    const objects = [await full(history(2, 20)), deltaObject(history(21, 60)), unread];
    assert.deepEqual(await shared(objects, restored), [50, 50]);
  });

  test('shares what a full proves after one that is damaged', async () => {
    const damaged = fullObject(Buffer.alloc(4096), { lastRevision: 70 });
    const objects = [await full(history(2, 60)), damaged, await full(history(2, 80))];
    assert.deepEqual(await shared(objects, restored), [50, 50]);
  });
});

describe('what cannot be proved', () => {
  test('as the only full is damaged, is in doubt up to the end of the cluster', async () => {
    const damaged = fullObject(Buffer.alloc(4096), { lastRevision: 80 });
    assert.deepEqual(await shared([damaged], { events: [...history(2, 50), ...others(51, 53)] }), [0, 53]);
  });

  test('as compactions have left nothing to compare, is in doubt', async () => {
    const objects = [await full(busy(2, 30, 'busy'), 30), await full(busy(2, 40, 'busy'), 40)];
    assert.deepEqual(await shared(objects, { events: busy(2, 90, 'busy'), compactedUpTo: 80 }), [0, 90]);
  });

  test('after what is proved and before the first difference, is in doubt', async () => {
    const past = history(2, 20);
    const objects = [await full(past), await full([...past, ...busy(21, 60, 'busy')], 55)];
    const cluster = { events: [...past, ...busy(21, 70, 'other')], compactedUpTo: 58 };
    // Key `other` is at 58 where the full has `busy`.
    assert.deepEqual(await shared(objects, cluster), [20, 57]);
  });
});

test('another cluster shares nothing, and that is known', async () => {
  const objects = [await full(others(2, 30)), deltaObject(others(31, 40))];
  assert.deepEqual(await shared(objects, { events: history(2, 50) }), [0, 1]);
});

test('an event that is the same by chance at the end of a delta is no shared past', async () => {
  const tick = (at: number): DeltaEvent => put('tick', at, { createRevision: revision(at) });
  const objects = [
    await full(history(2, 20)),
    deltaObject([...history(21, 29), tick(30)]),
    deltaObject([...history(31, 39), tick(40)]),
    deltaObject([...history(41, 49), tick(50)]),
  ];
  const cluster = {
    events: [...history(2, 25), ...others(26, 29), tick(30), ...others(31, 39), tick(40), ...others(41, 60)],
  };
  assert.deepEqual(await shared(objects, cluster), [25, 25]);
});

test('nothing is shared from a difference on that is known, whatever the deltas after it say', async () => {
  const objects = [await full(history(2, 20)), deltaObject(history(21, 30)), deltaObject(history(31, 60))];
  assert.deepEqual(await shared(objects, { events: history(2, 80) }, 25), [24, 24]);
});
