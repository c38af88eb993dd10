import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import type { HistoryBreak } from '../../../../../src/operations/snapshot/history/history-break.ts';
import { HistoryGuard } from '../../../../../src/operations/snapshot/history/history-guard.ts';
import type { RunContents } from '../../../../../src/operations/snapshot/history/mark-doubt.ts';
import { revision } from '../../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../../src/snapshot/delta-event.ts';
import { type DoubtMarker, markerName, type StoreMarker } from '../../../../../src/snapshot/history/history-marker.ts';
import { newSnapshot } from '../../../../../src/snapshot/name.ts';
import type { SnapStore } from '../../../../../src/snapstore/snapstore.ts';
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
  markers: readonly StoreMarker[] = [],
  contents: RunContents = 'deltas',
) {
  const dir = makeTempDir();
  const memory = memorySnapStore(objects);
  const list: SnapStore['list'] = async (options) => ({ ...(await memory.list(options)), markers });
  const store = { ...memory, list };
  const path = dir.join('db');
  writeFileSync(path, await eventDatabase(events, compacted));
  const database = { path, lastRevision: revision(events.at(-1)?.modRevision ?? 1) };
  const guard = new HistoryGuard({ store, cluster: new ScriptedCluster(), tempDir: dir.path, contents });
  const context = recordedContext();
  await guard.learn(await store.list({ signal: context.signal }), context);
  change(store);
  const known = guard.history.proof;
  return {
    guard,
    database,
    breakIn: () => guard.breakIn(database, known, context),
    begin: async (broken: HistoryBreak) => {
      const saved: StoreMarker[] = [];
      const save = async (marker: StoreMarker): Promise<void> => void saved.push(marker);
      Object.assign(store, { histories: { save } });
      guard.leave(broken, context);
      const { lastRevision } = database;
      const parts = { kind: 'Full', startRevision: revision(0), lastRevision, createdOn: 1_795_260_000 } as const;
      const snapshot = newSnapshot({ ...parts, isFinal: false, compression: 'none' });
      await guard.begin(broken, { first: snapshot, database, announced: undefined }, context);
      return saved;
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** Lets a store take markers, which a listing shows from then on. */
function saving(saved: StoreMarker[]): (store: SnapStore) => void {
  return (store) => {
    const { list } = store;
    Object.assign(store, {
      list: async (options: Parameters<typeof list>[0]) => ({ ...(await list(options)), markers: saved }),
      histories: {
        save: async (marker: StoreMarker): Promise<void> => void saved.push(marker),
        remove: async ({ name }: StoreMarker): Promise<void> => {
          saved.splice(
            saved.findIndex((each) => each.name === name),
            1,
          );
        },
      },
    });
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

/** A marker of a doubt up to a revision, all of it. */
function doubtUpTo(upTo: number): DoubtMarker {
  const numbers = { begunOn: upTo, shared: revision(0) };
  const why = 'continuation_unproven';
  return { name: markerName(numbers), ...numbers, why, upTo: revision(upTo), first: '', clusterId: '7', left: [] };
}

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
    await run.guard.storing(1_000, run.database, recordedContext());
    assert.deepEqual(run.guard.unproven, [{ after: 55, upTo: 90, takenOn: 1_000 }]);
    await run.breakIn();
    await run.guard.storing(2_000, run.database, recordedContext());
    assert.deepEqual(
      run.guard.unproven.map(({ takenOn }) => takenOn),
      [1_000, 2_000],
      'an earlier doubt is not settled by a later one',
    );
  });

  test('leaves a marker that says so before its full is stored, and one more only for what came since', async () => {
    const later = [...past, ...history(41, 55), ...busy(56, 90)];
    const saved: StoreMarker[] = [];
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 }, saving(saved));
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    const marker = { why: 'continuation_unproven', begunOn: 1_000, shared: 55, upTo: 90, clusterId: '0', left: [] };
    assert.deepEqual(saved, [{ name: 'History-1000-00000055.json', first: saved[0]?.first, ...marker }]);
    await run.breakIn();
    await run.guard.storing(2_000, run.database, recordedContext());
    assert.equal(saved.length, 1);
    assert.match(saved[0]?.first ?? '', /^Incr-00000041-00000060-/);
  });

  test('leaves a marker where there is only a full, from which a second writer may go on, once for each', async () => {
    const saved: StoreMarker[] = [];
    using run = await learned([await full(past)], { events: busy(2, 90), compactedUpTo: 85 }, saving(saved));
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    assert.deepEqual(
      saved.map(({ name, first }) => [name, first.slice(0, 22)]),
      [['History-1000-00000000.json', 'Full-00000000-00000040']],
    );
    await run.breakIn();
    await run.guard.storing(2_000, run.database, recordedContext());
    assert.equal(saved.length, 1);
    const again: StoreMarker[] = [];
    const ended = fullObject(await eventDatabase(busy(2, 90)), { lastRevision: 90, createdOn: 1_795_260_000 });
    const objects = [await full(past), ended];
    using later = await learned(objects, { events: busy(2, 120), compactedUpTo: 115 }, saving(again), saved);
    again.push(...saved);
    await later.breakIn();
    await later.guard.storing(3_000, later.database, recordedContext());
    assert.equal(again[1]?.first, ended.key.slice('v2/'.length));
  });

  test('leaves a single marker where only fulls are stored, which takes the place of the one before', async () => {
    const saved: StoreMarker[] = [];
    const now = { events: busy(2, 90), compactedUpTo: 85 };
    using run = await learned([await full(past)], now, saving(saved), [], 'fulls');
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    assert.deepEqual(
      saved.map((marker) => [marker.name, Reflect.get(marker, 'upTo')]),
      [['History-1000-00000000.json', 90]],
    );
    const ended = fullObject(await eventDatabase(busy(2, 90)), { lastRevision: 90, createdOn: 1_795_260_000 });
    const next = { events: busy(2, 120), compactedUpTo: 115 };
    using later = await learned([await full(past), ended], next, saving(saved), [...saved], 'fulls');
    await later.breakIn();
    await later.guard.storing(3_000, later.database, recordedContext());
    assert.deepEqual(
      saved.map((marker) => [marker.name, marker.first, Reflect.get(marker, 'upTo')]),
      [['History-3000-00000000.json', ended.key.slice('v2/'.length), 120]],
    );
  });

  test('leaves markers alone where a delta is stored', async () => {
    const saved: StoreMarker[] = [doubtUpTo(30)];
    const now = { events: busy(2, 90), compactedUpTo: 85 };
    using run = await learned([deltaObject(busy(2, 20)), await full(past)], now, saving(saved), [...saved], 'fulls');
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    assert.equal(saved.length, 2);
    assert.match(saved[1]?.first ?? '', /^Full-00000000-00000040-/);
  });

  test('leaves a hundred such markers at most: each listing reads them', async () => {
    const saved: StoreMarker[] = [];
    const known: StoreMarker[] = Array.from({ length: 100 }, (_, at) => doubtUpTo(at + 2));
    using run = await learned([await full(past)], { events: busy(2, 90), compactedUpTo: 85 }, saving(saved), known);
    saved.push(...known);
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    assert.equal(saved.length, known.length);
  });

  test('marks it with the next full where the store failed meanwhile', async () => {
    const later = [...past, ...history(41, 55), ...busy(56, 90)];
    const saved: StoreMarker[] = [];
    let fails = true;
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 }, (store) => {
      const save = async (marker: StoreMarker): Promise<void> => {
        if (fails) {
          throw new StoreError('transient', { action: 'save', object: 'memory', found: 'the test says so' });
        }
        saved.push(marker);
      };
      Object.assign(store, { histories: { save } });
    });
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    fails = false;
    await run.guard.storing(2_000, run.database, recordedContext());
    assert.deepEqual(
      saved.map(({ begunOn }) => begunOn),
      [1_000],
    );
  });

  test('is still in doubt when the cluster is put back after that: the marker of the new history need not name it', async () => {
    const later = [...past, ...history(41, 55), ...busy(56, 90)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 85 });
    await run.breakIn();
    await run.guard.storing(1_000, run.database, recordedContext());
    run.guard.leave({ change: 'rolled_back', found: 'the test says so' }, recordedContext());
    assert.equal(run.guard.unproven.length, 1);
  });

  test('what is in doubt, as a marker says, proves nothing later, neither for nor against the cluster', async () => {
    const others = history(41, 60).map(({ modRevision }) => put(`other-${modRevision}`, modRevision));
    const objects = [await full(past), deltaObject(history(41, 60)), await full([...past, ...others, ...busy(61, 70)])];
    const doubt = {
      name: 'History-1-00000040.json',
      begunOn: 1,
      why: 'continuation_unproven',
      first: '',
      left: [],
    } as const;
    const markers = [{ ...doubt, clusterId: '7', shared: revision(40), upTo: revision(70) }];
    const later = [...past, ...others, ...busy(61, 90)];
    using run = await learned([...objects, deltaObject(busy(61, 80).slice(10))], { events: later }, () => {}, markers);
    assert.equal(await run.breakIn(), undefined);
    using compacted = await learned(objects, { events: later, compactedUpTo: 85 }, () => {}, markers);
    assert.equal(await compacted.breakIn(), undefined);
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

describe('a cluster whose last event of the backup is the same by chance', () => {
  const job = put('job', 60);
  const ofBackup = [...history(2, 59), job];
  const ofOther = [...history(2, 59).map(({ modRevision }) => put(`other-${modRevision}`, modRevision)), job];
  const more = history(61, 70);

  const backups: Readonly<Record<string, () => Promise<readonly MemoryObject[]>>> = {
    'one delta after a full': async () => [await full(past), deltaObject([...history(41, 59), job])],
    'many deltas': async () => [
      await full(past),
      ...history(41, 59).map((event) => deltaObject([event])),
      deltaObject([job]),
    ],
    'a delta that holds nothing else, after a full that other deltas lead to': async () => [
      await full(history(2, 20)),
      deltaObject(history(21, 30)),
      deltaObject(history(31, 59)),
      await full(history(2, 59)),
      deltaObject([job]),
    ],
    'a full': async () => [await full(ofBackup)],
  };
  for (const [what, objects] of Object.entries(backups)) {
    test(`is found out by what came before, where the backup ends with ${what}`, async () => {
      using run = await learned(await objects(), { events: [...ofOther, ...more] });
      assert.equal((await run.breakIn())?.change, 'different_events');
    });

    test(`and goes on is no other one, where the backup ends with ${what}`, async () => {
      using run = await learned(await objects(), { events: [...ofBackup, ...more] });
      assert.equal(await run.breakIn(), undefined);
      assert.ok(run.guard.history.samples.length <= 4);
    });

    test(`and is compacted, is no other one, where the backup ends with ${what}`, async () => {
      using run = await learned(await objects(), { events: [...ofBackup, ...more], compactedUpTo: 65 });
      assert.equal(await run.breakIn(), undefined);
    });
  }

  test('shares nothing after the first difference that was found: the marker says so', async () => {
    const objects = [await full(past), deltaObject(history(41, 59)), deltaObject([job])];
    using run = await learned(objects, { events: [...ofOther, ...more] });
    const broken = (await run.breakIn()) ?? assert.fail('it was not found out');
    const markers = await run.begin(broken);
    assert.deepEqual(
      markers.map(({ shared, left }) => [shared, left.length]),
      [[0, 3]],
    );
  });

  test('is found out by the samples of a full that this run has taken', async () => {
    using run = await learned([await full(past)], { events: ofBackup });
    await run.guard.stored(run.database);
    using other = await learned([], { events: [...ofOther, ...more] });
    const broken = await run.guard.breakIn(other.database, run.guard.history.proof, recordedContext());
    assert.equal(broken?.change, 'different_events');
  });
});

test('deltas that cannot be read, or are large, are no samples, and stop nothing', async () => {
  const damaged = deltaObject(history(41, 50));
  damaged.bytes.fill(0);
  const value = Buffer.alloc(70_000);
  const large = deltaObject(history(51, 60).map((event) => put('large', event.modRevision, { value })));
  using run = await learned([await full(past), damaged, large, deltaObject([put('end', 61)])], { events: past });
  assert.deepEqual(
    run.guard.history.samples.map(({ revision: at }) => at),
    [61],
  );
  assert.equal(run.guard.history.lastRevision, 61);
});

describe('after a full of which a compaction has removed the last events', () => {
  test('nothing older is asked for, which a watch would only find compacted again and again', async () => {
    const later = [...past, ...history(41, 60), ...busy(61, 90), del('busy', 91)];
    using run = await learned(await backup(), { events: later, compactedUpTo: 91 });
    assert.equal(run.guard.history.lastRevision, 70);
    await run.guard.stored(run.database);
    assert.equal(run.guard.history.lastRevision, undefined);
  });

  test('what a watch has shown after it stays known', async () => {
    using run = await learned(await backup(), { events: [...past, del('key-40', 41)], compactedUpTo: 41 });
    run.guard.history.received([put('new', 92)]);
    await run.guard.stored(run.database);
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
    await run.guard.stored(run.database);
    assert.equal(run.guard.history.lastRevision, undefined);
  });
});
