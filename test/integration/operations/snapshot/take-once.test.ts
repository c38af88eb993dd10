import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { takeFullSnapshot } from '../../../../src/operations/snapshot/take-once.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { eventDatabase } from '../../../support/datadir/event-database.ts';
import { ScriptedCluster } from '../../../support/etcd/scripted-cluster.ts';
import { history, put } from '../../../support/fixtures/delta-events.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

/** `snapshot --once` of a cluster that has seen these events, and was compacted up to a revision. */
async function once(store: MemoryStore, events: readonly DeltaEvent[], compactedUpTo?: number): Promise<string> {
  using dir = makeTempDir();
  const database = await eventDatabase(events, compactedUpTo === undefined ? {} : { compactedUpTo });
  const cluster = new ScriptedCluster();
  cluster.commit(...events);
  cluster.sendInstead(Buffer.concat([database, createHash('sha256').update(database).digest()]));
  const request = { cluster, store, tempDir: dir.path, compression: 'none', final: false } as const;
  return (await takeFullSnapshot(request, recordedContext())).snapshot.name;
}

/** The same key again and again, of which a compaction leaves one record. */
function busy(last: number): readonly DeltaEvent[] {
  return history(2, last).map(({ modRevision }) =>
    put('busy', modRevision, { createRevision: revision(2), version: modRevision - 1 }),
  );
}

describe('snapshot --once', () => {
  test('over a store that takes no announcement marks a new history after its full', async () => {
    const store = new MemoryStore();
    const { save } = store.histories;
    let savedBefore: readonly string[] = [];
    store.histories.announce = () => Promise.reject(store.failure('denied'));
    store.histories.save = async (marker) => {
      savedBefore = [...store.saved];
      await save(marker);
    };
    const old = await once(store, history(2, 65));
    const first = await once(store, history(2, 61));
    assert.deepEqual(savedBefore, [old, first]);
    assert.deepEqual(
      store.markers.map((marker) => [marker.why, marker.first, marker.shared, marker.left]),
      [['rolled_back', first, 61, [old]]],
    );
  });

  test('announces a new history before its full where the store takes that, and nothing is announced in the end', async () => {
    const store = new MemoryStore();
    const { announce } = store.histories;
    let savedBefore: readonly string[] = [];
    store.histories.announce = async (marker) => {
      savedBefore = [...store.saved];
      await announce(marker);
    };
    const old = await once(store, history(2, 65));
    const first = await once(store, history(2, 61));
    assert.deepEqual(savedBefore, [old]);
    assert.deepEqual([store.announced, store.markers.map((marker) => marker.first)], [[], [first]]);
  });

  test('leaves one marker of what nothing proves, in place of the one before', async () => {
    const store = new MemoryStore();
    const fulls = [await once(store, history(2, 60))];
    const marked: unknown[] = [];
    for (const last of [90, 120, 150]) {
      fulls.push(await once(store, busy(last), last - 5));
      marked.push(store.markers.map((marker) => [marker.why, marker.first, Reflect.get(marker, 'upTo')]));
    }
    assert.deepEqual(
      marked,
      [90, 120, 150].map((upTo, at) => [['continuation_unproven', fulls[at], upTo]]),
    );
  });
});
