import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StayingObjects } from '../../../../src/operations/prune/deletions.ts';
import { planPrune } from '../../../../src/operations/prune/plan-prune.ts';
import { carryOut, type GarbageEvent, type RetentionRules } from '../../../../src/operations/prune/prune.ts';
import { revision } from '../../../../src/revision.ts';
import { silentProgress } from '../../../../src/runtime/terminal/progress.ts';
import { newestChain } from '../../../../src/snapshot/chain.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import type { Snapshot } from '../../../../src/snapshot/snapshot.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

const clock = new FakeClock('2026-11-21T12:30:00Z');
const newestOnly: RetentionRules = {
  policy: { kind: 'LimitBased', maxBackups: 1 },
  deltaRetentionMs: 0,
  leftHistoryMs: 0,
};

function snapshot(kind: 'Full' | 'Incr', first: number, last: number): Snapshot {
  return newSnapshot({
    kind,
    startRevision: revision(kind === 'Full' ? 0 : first),
    lastRevision: revision(last),
    createdOn: clock.now() / 1000 - 100_000 + last,
    compression: 'none',
    isFinal: false,
  });
}

/** `chains` fulls, each with ten deltas of one revision after it. */
function laidOut(chains: number): MemoryStore {
  const store = new MemoryStore();
  for (let at = 0; at < chains; at++) {
    const full = at * 11;
    store.place(snapshot('Full', 0, full + 1));
    for (let delta = full + 2; delta <= full + 11; delta++) {
      store.place(snapshot('Incr', delta, delta));
    }
  }
  return store;
}

async function prune(store: SnapStore, rules = newestOnly): Promise<Record<string, number>> {
  const context = { signal: new AbortController().signal, clock, log: new RecordedLog(), progress: silentProgress };
  const { decisions } = await planPrune({ store, rules, proof: 'names' }, context);
  const results = await carryOut(decisions, { store }, context);
  return Object.fromEntries(
    Object.entries(Object.groupBy(results, ({ outcome }) => outcome)).map(([k, v]) => [k, v.length]),
  );
}

const isDelta = (name: string): boolean => name.startsWith('Incr');

describe('carrying a plan out', () => {
  test('deletes a full only after everything that needs it', async () => {
    const store = laidOut(2);
    assert.deepEqual(await prune(store), { deleted: 11, kept: 11 });
    assert.equal(store.deleted.at(-1), snapshot('Full', 0, 1).name);
    assert.match(store.deleted[0] ?? '', /^Incr-00000011-/);
  });

  test('leaves the full of a delta that could not be deleted', async () => {
    const store = laidOut(2);
    const stuck = snapshot('Incr', 5, 5).name;
    store.failDeletes('transient', (name) => name === stuck);
    assert.deepEqual(await prune(store), { deleted: 9, failed: 1, postponed: 1, kept: 11 });
    store.failDeletes(undefined);
    assert.deepEqual(await prune(store), { deleted: 2, kept: 11 });
  });

  test('keeps the rest of a chain after five failures and goes on with the next', async () => {
    const store = laidOut(3);
    store.failDeletes('denied', (name) => isDelta(name) && Number(name.slice(5, 13)) > 12);
    assert.deepEqual(await prune(store), { deleted: 11, failed: 5, postponed: 6, kept: 11 });
  });

  test('takes an immutable object for kept, and one that is gone for deleted', async () => {
    const store = laidOut(2);
    store.failDeletes('immutable', isDelta);
    assert.deepEqual(await prune(store), { immutable: 10, postponed: 1, kept: 11 });
    store.failDeletes('not_found');
    assert.deepEqual(await prune(store), { deleted: 11, kept: 11 });
  });

  test('counts nothing as deleted that is still there, and leaves the full that it needs', async () => {
    const store = laidOut(2);
    const stuck = snapshot('Incr', 5, 5).name;
    store.ignoreDeletes((name) => name === stuck);
    assert.deepEqual(await prune(store), { deleted: 9, failed: 1, postponed: 1, kept: 11 });
    assert.ok(!store.deleted.includes(snapshot('Full', 0, 1).name));
    store.ignoreDeletes(() => false);
    assert.deepEqual(await prune(store), { deleted: 2, kept: 11 });
    assert.deepEqual(await prune(store), { kept: 11 });
  });

  test('asks for what a listing still shows, which may be older than the deletion', async () => {
    const store = laidOut(2);
    const late = (await store.list()).snapshots;
    const stale: SnapStore = {
      traits: store.traits,
      location: store.location,
      list: async () => ({ ...(await store.list()), snapshots: late }),
      fetch: (object) => store.fetch(object),
      save: (...asked) => store.save(...asked),
      delete: (object) => store.delete(object),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    assert.deepEqual(await prune(stale), { deleted: 11, kept: 11 });
  });

  test('does not try again at once what stayed, and warns of it once', async () => {
    const store = laidOut(2);
    const [old] = [snapshot('Full', 0, 1).name];
    store.ignoreDeletes((name) => name === old);
    const log = new RecordedLog();
    const events: GarbageEvent[] = [];
    const time = new FakeClock('2026-11-21T12:30:00Z');
    const context = { signal: new AbortController().signal, clock: time, log, progress: silentProgress };
    const staying = new StayingObjects(time);
    const pass = async (): Promise<void> => {
      const { decisions } = await planPrune({ store, rules: newestOnly, proof: 'names' }, context);
      await carryOut(decisions, { store, staying, listener: (event) => void events.push(event) }, context);
    };
    await pass();
    await pass();
    await pass();
    const tries = (): number => store.deleted.filter((name) => name === old).length;
    assert.equal(tries(), 1);
    assert.equal(
      log.count(
        /^GC: cannot delete v2\/Full-.* from memory: the store answered that it is deleted, and it is still there; look for a lock/,
      ),
      1,
    );
    assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
    assert.equal(log.count(/deleted old snapshot: .*Full/), 0);
    assert.equal(events.filter(({ outcome }) => outcome === 'failed').length, 1);
    await time.advance(60 * 60_000);
    store.ignoreDeletes(() => false);
    await pass();
    assert.equal(tries(), 2);
    assert.equal(log.count(/deleted old snapshot: .*Full/), 1);
  });

  test('stops with the signal', async () => {
    const store = laidOut(2);
    const signal = AbortSignal.abort(new Error('stopped'));
    const context = { signal, clock, log: new RecordedLog(), progress: silentProgress };
    const { decisions } = await planPrune({ store, rules: newestOnly, proof: 'names' }, context);
    await assert.rejects(carryOut(decisions, { store }, context), /stopped/);
  });
});

test('whatever fails to be deleted, the newest chain is the same and every delta left has its full', async () => {
  const runs = fc.asyncProperty(
    fc.integer({ min: 1, max: 5 }),
    fc.array(fc.integer({ min: 1, max: 55 }), { maxLength: 12 }),
    fc.constantFrom('transient' as const, 'immutable' as const),
    async (chains, stuck, kind) => {
      const store = laidOut(chains);
      const before = newestChain((await store.list()).snapshots);
      store.failDeletes(kind, (name) => stuck.includes(Number(name.split('-')[2])));
      await prune(store);
      const { snapshots } = await store.list();
      assert.deepEqual(newestChain(snapshots), before);
      for (const delta of snapshots.filter((each) => each.kind === 'Incr')) {
        const full = Math.floor((delta.lastRevision - 1) / 11) * 11 + 1;
        assert.ok(
          snapshots.some((each) => each.kind === 'Full' && each.lastRevision === full),
          delta.name,
        );
      }
    },
  );
  await fc.assert(runs, { numRuns: randomWalkLength({ usual: 200, long: 2000 }) });
});
