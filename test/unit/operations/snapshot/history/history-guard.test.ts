import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { HistoryGuard } from '../../../../../src/operations/snapshot/history/history-guard.ts';
import { revision } from '../../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../../src/snapshot/delta-event.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';
import { eventDatabase } from '../../../../support/datadir/event-database.ts';
import { ScriptedCluster } from '../../../../support/etcd/scripted-cluster.ts';
import { deltaObject, fullObject } from '../../../../support/fixtures/backup-objects.ts';
import { del, history, put } from '../../../../support/fixtures/delta-events.ts';
import { type MemoryObject, memorySnapStore } from '../../../../support/stores/memory-snapstore.ts';

/** A database of the cluster, compacted up to a revision. */
interface Now {
  readonly events: readonly DeltaEvent[];
  readonly compactedUpTo?: number;
}

/** A guard that has learned what is stored, and a full of the cluster that was read after that. */
async function learned(
  objects: readonly MemoryObject[],
  { events, ...compacted }: Now,
  change: (store: ReturnType<typeof memorySnapStore>) => void = () => {},
) {
  const dir = makeTempDir();
  const store = memorySnapStore(objects);
  const path = dir.join('db');
  writeFileSync(path, await eventDatabase(events, compacted));
  const database = { path, lastRevision: revision(events.at(-1)?.modRevision ?? 1) };
  const guard = new HistoryGuard({ store, cluster: new ScriptedCluster(), tempDir: dir.path });
  const context = recordedContext();
  await guard.learn(await store.list({ signal: context.signal }), context);
  change(store);
  const known = guard.history.proof;
  return {
    guard,
    database,
    breakIn: () => guard.breakIn(database, known, context),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

async function full(events: readonly DeltaEvent[]): Promise<MemoryObject> {
  return fullObject(await eventDatabase(events), { lastRevision: events.at(-1)?.modRevision ?? 1 });
}

/** The same key again and again, of which a compaction leaves one record. */
function busy(first: number, last: number): readonly DeltaEvent[] {
  return history(first, last).map(({ modRevision }) =>
    put('busy', modRevision, { createRevision: revision(first), version: modRevision - first + 1 }),
  );
}

const past = history(2, 40);
const backup = async (): Promise<readonly MemoryObject[]> => [
  await full(past),
  deltaObject(history(41, 60)),
  deltaObject(busy(61, 70)),
];

describe('a cluster whose events at the end of the backup are compacted away', () => {
  test('and that was put back to an older state is found out by what the compaction has left', async () => {
    const later = [...past, ...history(41, 50), put('other', 51), ...busy(52, 90)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 });
    const broken = await run.breakIn();
    assert.equal(broken?.change, 'different_events');
    assert.match(broken?.found ?? '', /revision 51 /);
  });

  test('and that goes on is no other one', async () => {
    const later = [...past, ...history(41, 60), ...busy(61, 90)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 });
    assert.equal(await run.breakIn(), undefined);
  });

  test('and of which nothing is left that deltas tell is taken for the same', async () => {
    using run = await learned([await full(past)], { events: busy(2, 90), compactedUpTo: 85 });
    assert.equal(await run.breakIn(), undefined);
  });

  test('says up to where it is proved to go on: the rest of what is stored may be of a history that was left', async () => {
    const later = [...past, ...history(41, 55), ...busy(56, 90)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 });
    assert.equal(await run.breakIn(), undefined);
    assert.deepEqual(run.guard.unproven, []);
    await run.guard.stored({ createdOn: 1_000 }, run.database);
    assert.deepEqual(run.guard.unproven, [{ after: 55, upTo: 90, takenOn: 1_000 }]);
    await run.breakIn();
    await run.guard.stored({ createdOn: 2_000 }, run.database);
    assert.deepEqual(
      run.guard.unproven.map(({ takenOn }) => takenOn),
      [1_000, 2_000],
      'an earlier doubt is not settled by a later one',
    );
  });

  test('is taken for the same where the store fails just then: the full counts more', async () => {
    const later = [...past, put('other', 41), ...busy(42, 90)];
    const failure = new StoreError('transient', { action: 'list', object: 'memory', found: 'the test says so' });
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 }, (store) => {
      Object.assign(store, { list: () => Promise.reject(failure) });
    });
    assert.equal(await run.breakIn(), undefined);
  });
});

describe('after a full of which a compaction has removed the last events', () => {
  test('nothing older is asked for, which a watch would only find compacted again and again', async () => {
    const later = [...past, ...history(41, 60), ...busy(61, 90), del('busy', 91)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 91 });
    assert.equal(run.guard.history.lastRevision, 70);
    await run.guard.stored({ createdOn: 1_000 }, run.database);
    assert.equal(run.guard.history.lastRevision, undefined);
  });

  test('what a watch has shown after it stays known', async () => {
    using run = await learned(await backup(), { events: [...past, del('key-40', 41)], compactedUpTo: 41 });
    run.guard.history.received([put('new', 92)]);
    await run.guard.stored({ createdOn: 1_000 }, run.database);
    assert.equal(run.guard.history.lastRevision, 92);
  });
});

describe('raised revisions', () => {
  const raise = put('', 1_000, { value: new Uint8Array(0) });

  test('are no event that could prove anything', async () => {
    const database = await eventDatabase([...past, raise], { compactedUpTo: 1 });
    const stored = fullObject(database, { lastRevision: 1_000 });
    using run = await learned([stored], { events: [...past, raise], compactedUpTo: 1 });
    assert.equal(run.guard.history.lastRevision, 40);
    await run.guard.stored({ createdOn: 1_000 }, run.database);
    assert.equal(run.guard.history.lastRevision, undefined);
  });
});
