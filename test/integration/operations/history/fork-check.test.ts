import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { planResult } from '../../../../src/cli/output/plan.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { planRestore } from '../../../../src/operations/restore/plan.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { type VerifyResult, verifyBackups } from '../../../../src/operations/verify/verify.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { type DoubtMarker, markerName, type StoreMarker } from '../../../../src/snapshot/history/history-marker.ts';
import { markAheadOfClock } from '../../../../src/snapshot/history/mark-ahead-of-clock.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { eventDatabase, eventsOfDatabase } from '../../../support/datadir/event-database.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { labels, put } from '../../../support/fixtures/delta-events.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const T = 1_795_251_500;

/** `key` written at each revision from `first` to `last`, from version `version` on. */
function puts(key: string, first: number, last: number): readonly DeltaEvent[] {
  return Array.from({ length: last - first + 1 }, (_, at) => put(`${key}${first + at}`, first + at));
}

async function full(events: readonly DeltaEvent[], at: number, compacted = false): Promise<MemoryObject> {
  const database = await eventDatabase(events, { compacted });
  return fullObject(database, { lastRevision: events.at(-1)?.modRevision ?? 1, createdOn: T + at });
}

function delta(events: readonly DeltaEvent[], at: number): MemoryObject {
  return deltaObject(events, { createdOn: T + at });
}

function nameOf({ key }: MemoryObject): string {
  return key.slice('v2/'.length);
}

/** The keys of what a restore brings back, `key@revision`. */
async function restored(
  objects: readonly MemoryObject[],
  target: RestoreTarget = {},
  markers: readonly StoreMarker[] = [],
): Promise<string> {
  using dir = makeTempDir();
  const inner = memorySnapStore(objects);
  const store: SnapStore = { ...inner, list: async (options) => ({ ...(await inner.list(options)), markers }) };
  await restore(restoreRequest(dir, { store, target }), recordedContext());
  const events = await eventsOfDatabase(readFileSync(dir.join('data', 'member', 'snap', 'db')));
  return labels(events).join(' ');
}

async function refused(objects: readonly MemoryObject[], message: RegExp, target: RestoreTarget = {}): Promise<void> {
  await assert.rejects(restored(objects, target), { name: 'Failure', code: 'history_fork', message });
}

async function verified(
  objects: readonly MemoryObject[],
  level: 'hash' | 'structure' | 'restore',
): Promise<VerifyResult> {
  using dir = makeTempDir();
  const store = memorySnapStore(objects);
  return await verifyBackups({ store, level, sample: undefined, tempDir: dir.path, maxFetchers: 2 }, recordedContext());
}

/** Both must name the two sides. */
async function refusedEverywhere(
  objects: readonly MemoryObject[],
  one: MemoryObject,
  other: MemoryObject,
): Promise<void> {
  const both = new RegExp(`(${nameOf(one)}.*${nameOf(other)}|${nameOf(other)}.*${nameOf(one)})`, 's');
  await refused(objects, both);
  for (const level of ['hash', 'structure', 'restore'] as const) {
    const { findings } = await verified(objects, level);
    const problems = findings
      .filter(({ weight }) => weight === 'problem')
      .map(({ snapshot, text }) => `${snapshot} ${text}`);
    assert.match(problems.join('\n'), both, level);
  }
}

// Keys a2 to a3 are in the first full; the cluster goes on to a7, is put back to revision 3, and goes on with b.
const past = puts('a', 2, 3);
const first = await full(past.slice(0, 1), 0);
const shared = delta(past.slice(1), 1);
const left = [delta(puts('a', 4, 5), 2), delta(puts('a', 6, 7), 3)] as const;
const begun = await full(past, 20);
const fresh = delta(puts('b', 4, 4), 21);
const rolledBack = [first, shared, ...left, begun, fresh];

describe('a store that holds a history that was left, without a marker', () => {
  it('is refused when the two tell a revision differently', async () => {
    await refusedEverywhere(rolledBack, fresh, left[0]);
  });

  it('is refused before the new history has a delta', async () => {
    await refusedEverywhere(rolledBack.slice(0, -1), begun, left[1]);
  });

  it('is refused for fulls alone', async () => {
    const old = await full(puts('a', 2, 7), 3);
    await refusedEverywhere([old, begun], begun, old);
    const next = await full([...past, ...puts('b', 4, 4)], 30);
    await refusedEverywhere([old, begun, next], begun, old);
  });

  it('is refused when another cluster writes there', async () => {
    const dead = await full(puts('a', 2, 20), 0);
    const other = await full(puts('c', 2, 2), 50);
    const events = delta(puts('c', 3, 9), 51);
    await refusedEverywhere([dead, other, events], events, dead);
    const compactedDead = await full(puts('a', 2, 20), 0, true);
    await refusedEverywhere([compactedDead, other, events], events, compactedDead);
  });

  it('gives either side by name', async () => {
    assert.equal(await restored(rolledBack, { from: nameOf(begun) }), 'a2@2 a3@3');
    assert.equal(await restored(rolledBack, { from: nameOf(fresh) }), 'a2@2 a3@3 b4@4');
    assert.equal(await restored(rolledBack, { from: nameOf(left[1]) }), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
    assert.equal(await restored(rolledBack, { from: nameOf(left[0]) }), 'a2@2 a3@3 a4@4 a5@5');
  });

  it('gives the side of a full that is named, with the deltas that follow', async () => {
    const dead = [await full(puts('a', 2, 2), 0), delta(puts('a', 3, 5), 1), delta(puts('a', 6, 9), 2)];
    const next = [await full(puts('c', 2, 2), 20), delta(puts('c', 3, 5), 21), delta(puts('c', 6, 8), 22)];
    const at = (revisionWanted: number, [from]: readonly MemoryObject[]): Promise<string> => {
      const until = { kind: 'revision', revision: revision(revisionWanted) } as const;
      return restored([...dead, ...next], { from: from && nameOf(from), until });
    };
    assert.equal(await at(7, dead), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
    assert.equal(await at(4, dead), 'a2@2 a3@3 a4@4');
    assert.equal(await at(7, next), 'c2@2 c3@3 c4@4 c5@5 c6@6 c7@7');
    const [older = next[0] ?? assert.fail()] = dead;
    const beyond = { from: nameOf(older), until: { kind: 'revision', revision: revision(7) } } as const;
    await refused([...dead.slice(0, 2), ...next], /disagree about revision 3/, beyond);
    const until = { kind: 'time', time: { seconds: T + 10, nanos: 0 } } as const;
    assert.equal(
      await restored([...dead, ...next], { from: nameOf(older), until }),
      'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7 a8@8 a9@9',
    );
  });

  it('names the command that gives each side, as far as it goes and up to the revision that is wanted', async () => {
    const dead = [await full(puts('a', 2, 2), 0), delta(puts('a', 3, 5), 1), delta(puts('a', 6, 9), 2)];
    const next = [await full(puts('c', 2, 2), 20), delta(puts('c', 3, 5), 21), delta(puts('c', 6, 10), 22)];
    const wanted = async (target: RestoreTarget): Promise<readonly string[]> => {
      const { message } = await restored([...dead, ...next], target).then(assert.fail, (error: Error) => error);
      const ways = [...message.matchAll(/--snapshot (\S+)(?: --to-revision (\d+)| \(revision (\d+)\))/g)];
      const states: string[] = [];
      for (const [, from, to, end] of ways) {
        const until = to === undefined ? {} : { until: { kind: 'revision', revision: revision(Number(to)) } as const };
        const state = await restored([...dead, ...next], { ...(from === undefined ? {} : { from }), ...until });
        assert.ok(state.endsWith(`@${to ?? end}`), message);
        states.push(state);
      }
      return states;
    };
    const c = 'c2@2 c3@3 c4@4 c5@5 c6@6 c7@7 c8@8 c9@9 c10@10';
    assert.deepEqual(await wanted({}), [c, 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7 a8@8 a9@9']);
    assert.deepEqual(await wanted({ until: { kind: 'revision', revision: revision(4) } }), [
      'c2@2 c3@3 c4@4',
      'a2@2 a3@3 a4@4',
    ]);
  });

  it('gives what both share', async () => {
    assert.equal(await restored(rolledBack, { until: { kind: 'revision', revision: revision(3) } }), 'a2@2 a3@3');
    await refused(rolledBack, /disagree about revision 4/, { until: { kind: 'revision', revision: revision(6) } });
  });

  it('gives what was there at a time', async () => {
    const at = { kind: 'time', time: { seconds: T + 10, nanos: 0 } } as const;
    const seen = rolledBack.map((object) => object);
    assert.equal(await restored(seen, { until: at }).catch(String), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
  });
});

describe('two deltas of one revision', () => {
  const base = first;
  it('are refused when they tell different events, whoever is longer', async () => {
    const one = delta([...past.slice(1), ...puts('b', 4, 4)], 5);
    const other = delta([...past.slice(1), ...puts('x', 4, 5)], 6);
    await refusedEverywhere([base, one, other], one, other);
    const inside = delta(puts('x', 3, 3), 4);
    await refusedEverywhere([base, one, inside], one, inside);
  });

  it('are taken once when they tell the same', async () => {
    const one = delta(puts('a', 3, 4), 5);
    const other = delta(puts('a', 4, 6), 6);
    const inside = delta(puts('a', 3, 3), 4);
    assert.equal(await restored([base, one, other, inside]), 'a2@2 a3@3 a4@4 a5@5 a6@6');
    assert.deepEqual(
      (await verified([base, one, other, inside], 'structure')).findings.filter(({ weight }) => weight === 'problem'),
      [],
    );
  });

  for (const [what, change] of [
    ['value', { value: Buffer.from('other') }],
    ['lease', { lease: 7n }],
    ['version', { version: 2 }],
    ['create revision', { createRevision: revision(2) }],
  ] as const) {
    it(`are refused for another ${what} alone`, async () => {
      const one = delta(puts('a', 3, 4), 5);
      const other = delta([put('a3', 3), put('a4', 4, change), put('a5', 5)], 6);
      await refused([base, one, other], /disagree about revision 4/);
    });
  }

  it('are refused when one has an event more', async () => {
    const one = delta(puts('a', 3, 4), 5);
    const other = delta([...puts('a', 3, 3), put('a4', 4), put('z', 4), put('a5', 5)], 6);
    await refused([base, one, other], /disagree about revision 4/);
  });
});

describe('a delta across the end of the full', () => {
  it('is compared with the database', async () => {
    const base = await full(puts('a', 2, 5), 10);
    assert.equal(await restored([base, delta(puts('a', 4, 7), 12)]), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
    await refused([base, delta([...puts('a', 4, 4), ...puts('x', 5, 7)], 12)], /disagree about revision 5/);
    await refused([base, delta([...puts('a', 4, 4), put('a5', 5), put('x', 5), ...puts('a', 6, 6)], 12)], /revision 5/);
  });

  it('may have a lease that the database does not know: a restore may have dropped it', async () => {
    const base = await full(puts('a', 2, 5), 10);
    const leased = delta([put('a5', 5, { lease: 7n }), ...puts('a', 6, 7)], 12);
    assert.equal(await restored([base, leased]), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
    const other = await full([...puts('a', 2, 4), put('a5', 5, { lease: 8n })], 10);
    await refused([other, leased], /disagree about revision 5/);
  });

  it('is taken where the database has compacted its revisions away', async () => {
    const again = [put('k', 2), put('k', 3, { createRevision: revision(2), version: 2 })];
    const base = await full([...again, put('k', 4, { createRevision: revision(2), version: 3 })], 10, true);
    const crossing = delta(
      [
        put('k', 3, { createRevision: revision(2), version: 2 }),
        put('k', 4, { createRevision: revision(2), version: 3 }),
        ...puts('a', 5, 6),
      ],
      12,
    );
    assert.equal(await restored([base, crossing]), 'k@4 a5@5 a6@6');
  });

  it('that is older belongs to another history, and is left out', async () => {
    const base = await full(past, 20);
    assert.equal(await restored([base, delta([...past.slice(1), ...puts('x', 4, 6)], 12)]), 'a2@2 a3@3');
  });
});

describe('no history is left', () => {
  it('by a compaction that deltas overtook', async () => {
    const compacted = await full(past, 4, true);
    assert.equal(await restored([first, shared, ...left, compacted]), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
    assert.deepEqual(
      (await verified([first, shared, ...left, compacted], 'structure')).findings.filter(
        ({ weight }) => weight === 'problem',
      ),
      [],
    );
  });

  it('by a compaction that a full overtook', async () => {
    const compacted = await full(past, 4, true);
    const newer = await full(puts('a', 2, 5), 3);
    assert.equal(await restored([first, shared, newer, compacted]), 'a2@2 a3@3 a4@4 a5@5');
  });

  it('by snapshots of one revision that were named before a full of a lower one, and tell the same', async () => {
    const [lower, again] = [await full(past.slice(0, 1), 30), await full(past, 12)];
    const objects = [first, shared, await full(past, 11), again, lower, delta(puts('a', 4, 5), 31)];
    assert.equal(await restored(objects), 'a2@2 a3@3 a4@4 a5@5');
    const compacted = await full(past, 12, true);
    assert.equal(await restored(objects.with(3, compacted)), 'a2@2 a3@3 a4@4 a5@5');
  });

  it('by two writers whose clocks differ', async () => {
    const theirs = await full(past, 20);
    const again = delta(puts('a', 4, 8), 21);
    assert.equal(await restored([first, shared, ...left, theirs, again]), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7 a8@8');
  });

  it('by a clock that was set back; the newest state is named then', async () => {
    const base = await full(past, 1000);
    const objects = [base, ...left];
    await refused(objects, new RegExp(`--snapshot ${nameOf(left[1])}`));
    assert.equal(await restored(objects, { from: nameOf(left[1]) }), 'a2@2 a3@3 a4@4 a5@5 a6@6 a7@7');
  });
});

describe('a new cluster whose clock was set back, so that the line seems to go on above its first full', () => {
  const dead = puts('a', 2, 3);
  const began = puts('b', 2, 2);
  const own = puts('b', 3, 3);

  it('is not merged with the dead one where both have a full of one revision', async () => {
    const old = await full(dead, 0);
    const begin = await full(began, 12);
    const renamed = await full([...began, ...own], -64);
    const next = delta(puts('b', 4, 4), 8_640_000);
    await refusedEverywhere([old, begin, renamed, next], renamed, old);
    const objects = [old, begin, renamed, next];
    const until = { kind: 'revision', revision: revision(4) } as const;
    await refused(objects, new RegExp(`restore --snapshot ${nameOf(old)} --to-revision 4, or`));
    await refused(objects, new RegExp(`restore --snapshot ${nameOf(renamed)} --to-revision 4\\.`), { until });
    await refused(objects, /disagree/, { from: nameOf(next) });
    assert.equal(await restored(objects, { from: nameOf(old) }), 'a2@2 a3@3');
    assert.equal(await restored(objects, { from: nameOf(renamed), until }), 'b2@2 b3@3 b4@4');
  });

  it('is not merged with the dead one where it has a delta of that revision', async () => {
    const old = await full(dead, 0);
    const begin = await full(began, 1);
    const renamed = delta(own, -2_974);
    const next = delta(puts('b', 4, 4), 172_800);
    const objects = [old, begin, renamed, next];
    await refusedEverywhere(objects, renamed, old);
    await refused(objects, new RegExp(`restore --snapshot ${nameOf(begin)} --to-revision 4\\.`));
    const until = { kind: 'revision', revision: revision(4) } as const;
    assert.equal(await restored(objects, { from: nameOf(begin), until }), 'b2@2 b3@3 b4@4');
  });
});

describe('a new cluster whose clock was set back by minutes, so that all looks like one line', () => {
  const old = full(puts('a', 2, 3), 0);
  const begin = full(puts('b', 2, 2), -71);
  const next = delta(puts('b', 4, 4), 4_000);

  it('is not merged with the dead one where a delta of it ends where that does', async () => {
    const own = delta(puts('b', 3, 3), -60);
    await refusedEverywhere([await old, await begin, own, next], own, await old);
    await refused([await old, await begin, own, next], /disagree about revision 3/, { from: nameOf(next) });
  });

  it('is not merged with the dead one where a full of it ends where that does', async () => {
    const again = await full(puts('b', 2, 3), -60);
    await refusedEverywhere([await old, await begin, again, next], again, await old);
  });

  it('is not merged with the dead one where what follows proves which side a longer delta is on', async () => {
    const longer = delta(puts('b', 3, 5), -60);
    const second = delta(puts('b', 4, 6), 4_000);
    await refusedEverywhere([await old, await begin, longer, second], longer, await old);
  });

  it('is not merged with the dead one where names are of the same second', async () => {
    const own = delta(puts('b', 3, 3), 0);
    await refusedEverywhere([await old, await begin, own, next], own, await old);
    await refused([await old, await begin, own, next], /disagree about revision 3/, { from: nameOf(next) });
  });

  it('is not merged with the dead one where its first full is gone', async () => {
    const own = delta(puts('b', 3, 3), -60);
    const message = /disagree about revision 3.*choose one: etcdbrctl restore --snapshot Full-/;
    await refused([await old, own, next], message);
    await refused([await old, own, next], message, { from: nameOf(next) });
  });

  it('is told from a delta whose full was taken long before', async () => {
    const own = delta(puts('b', 3, 3), -60);
    const hoursAgo = await full(puts('b', 2, 2), -3_600);
    assert.equal(await restored([await old, hoursAgo, own, next]), 'a2@2 a3@3 b4@4');
  });

  it('is taken where the store does not give what would tell', async () => {
    using dir = makeTempDir();
    const own = delta(puts('b', 3, 3), -60);
    const inner = memorySnapStore([await old, await begin, own, next]);
    const what = { action: 'read', object: own.key, found: 'it is archived', remedy: 'bring it back' };
    const fetch: SnapStore['fetch'] = (snapshot, options) =>
      snapshot.key === own.key ? Promise.reject(new StoreError('denied', what)) : inner.fetch(snapshot, options);
    await restore(restoreRequest(dir, { store: { ...inner, fetch } }), recordedContext());
    const events = await eventsOfDatabase(readFileSync(dir.join('data', 'member', 'snap', 'db')));
    assert.deepEqual(labels(events), ['a2@2', 'a3@3', 'b4@4']);
  });
});

describe('a delta of a second writer, within which a full ends', () => {
  const until = { kind: 'revision', revision: revision(6) } as const;
  const crossing = delta(puts('b', 5, 8), 30);

  it('does not continue what that full tells otherwise', async () => {
    const later = await full([...puts('a', 2, 3), ...puts('b', 4, 7)], 20);
    const objects = [first, shared, delta(puts('a', 4, 4), 2), later, crossing];
    await refused(objects, /disagree about revision 4/, { until });
    await refused(objects, /disagree about revision 4/, { from: nameOf(crossing) });
    await refused([await full(puts('a', 2, 4), 2), later, crossing], /disagree about revision 4/, { until });
    assert.equal(await restored(objects), 'a2@2 a3@3 b4@4 b5@5 b6@6 b7@7 b8@8');
  });

  it('does not do so upon a full that is named either', async () => {
    const older = await full(puts('a', 2, 4), 2);
    const later = await full([...puts('a', 2, 3), ...puts('b', 4, 7)], 20);
    await refused([older, later, crossing], /disagree about revision 4/, { from: nameOf(older), until });
    assert.equal(await restored([older, later, crossing], { from: nameOf(older) }), 'a2@2 a3@3 a4@4');
  });

  it('continues what that full tells, too, and what it tells nothing of', async () => {
    const same = [first, shared, delta(puts('b', 4, 4), 2), await full([...puts('a', 2, 3), ...puts('b', 4, 7)], 20)];
    assert.equal(await restored([...same, crossing], { until }), 'a2@2 a3@3 b4@4 b5@5 b6@6');
    const other = await full([...puts('a', 2, 3), ...puts('c', 4, 7)], 20);
    assert.equal(await restored([...same.slice(0, 3), other, crossing], { until }), 'a2@2 a3@3 b4@4 b5@5 b6@6');
  });
});

describe('a delta that is named', () => {
  it('is refused where the one that would stand in for it tells otherwise', async () => {
    const [longer, named] = [delta(puts('a', 3, 6), 2), delta(puts('b', 5, 6), 30)];
    await refused([first, longer, named], /disagree about revision 5/, { from: nameOf(named) });
    const twin = delta(puts('a', 5, 6), 30);
    assert.equal(await restored([first, longer, twin], { from: nameOf(twin) }), 'a2@2 a3@3 a4@4 a5@5 a6@6');
  });
});

describe('names that are ahead of the clock, of two clusters', () => {
  it('are compared, too, once a damaged full that is newer is left out', async () => {
    const old = await full(puts('a', 2, 3), 0);
    const begin = await full(puts('b', 2, 2), 8);
    const damaged = { key: `v2/Full-00000000-00000005-${T + 7}.gz`, bytes: Buffer.alloc(5_000, 7) };
    const objects = [old, begin, damaged, delta(puts('b', 3, 3), -70), delta(puts('b', 4, 4), -8_640_000)];
    using dir = makeTempDir();
    const inner = memorySnapStore(objects);
    const list: SnapStore['list'] = async (options) => {
      const listing = await inner.list(options);
      return { ...listing, snapshots: markAheadOfClock(listing.snapshots, [], T - 8_600_000) };
    };
    const request = restoreRequest(dir, { store: { ...inner, list } });
    await assert.rejects(restore(request, recordedContext()), { code: 'history_fork', message: /revision 3/ });
  });

  /** What a restore brings back while the clock is at T and so many seconds. */
  async function restoredAt(now: number, objects: readonly MemoryObject[], target: RestoreTarget): Promise<string> {
    using dir = makeTempDir();
    const inner = memorySnapStore(objects);
    const list: SnapStore['list'] = async (options) => {
      const listing = await inner.list(options);
      return { ...listing, snapshots: markAheadOfClock(listing.snapshots, [], T + now) };
    };
    await restore(restoreRequest(dir, { store: { ...inner, list }, target }), recordedContext());
    const events = await eventsOfDatabase(readFileSync(dir.join('data', 'member', 'snap', 'db')));
    return labels(events).join(' ');
  }

  it('are compared where the deltas of an older state may go on from either', async () => {
    const old = await full(puts('a', 2, 3), 0);
    const higher = await full([...puts('a', 2, 2), ...puts('b', 3, 6)], 7);
    const ahead = await full([...puts('a', 2, 2), ...puts('b', 3, 3)], 615);
    const objects = [old, higher, ahead, delta(puts('c', 4, 4), 40)];
    const until = { kind: 'revision', revision: revision(4) } as const;
    const ways = [`--snapshot ${nameOf(old)} --to-revision 4`, `--snapshot ${nameOf(ahead)} --to-revision 4`];
    const message = new RegExp(ways.join(', or .*'));
    await assert.rejects(restoredAt(60, objects, { until }), { code: 'history_fork', message });
    assert.equal(await restoredAt(60, objects, { until, from: nameOf(ahead) }), 'a2@2 b3@3 c4@4');
    assert.equal(await restoredAt(60, objects, { until, from: nameOf(old) }), 'a2@2 a3@3 c4@4');
    const [other, same] = [await full([...puts('a', 2, 3), ...puts('b', 4, 6)], 7), await full(puts('a', 2, 3), 615)];
    assert.equal(await restoredAt(60, [old, other, same, ...objects.slice(3)], { until }), 'a2@2 a3@3 c4@4');
  });

  it('are compared where a delta that is named may go on from either', async () => {
    const next = delta(puts('a', 4, 4), 14);
    const dead = [await full(puts('a', 2, 3), 0), next];
    const living = [await full(puts('b', 2, 2), -5_000), delta(puts('b', 3, 3), -4_900)];
    const from = nameOf(next);
    const message = /-00000003-.* and .*-00000003-.* disagree about revision [23]/;
    await assert.rejects(restoredAt(-4_800, [...dead, ...living], { from }), { code: 'history_fork', message });
    const fulls = [await full(puts('b', 2, 2), 0), delta(puts('b', 3, 3), 7), await full(puts('a', 2, 2), -5_000)];
    const named = { from: nameOf(fulls[1] ?? next) };
    await assert.rejects(restoredAt(-4_800, fulls, named), {
      code: 'history_fork',
      message: /disagree about revision 2/,
    });
    const until = { kind: 'revision', revision: revision(3) } as const;
    assert.equal(await restoredAt(-4_800, fulls, { from: nameOf(fulls[0] ?? next), until }), 'b2@2 b3@3');
  });

  it('are trusted as far as all are, and each follows the other', async () => {
    const objects = [await full(puts('b', 2, 2), 0), await full(puts('a', 2, 2), 5), delta(puts('a', 3, 3), 10)];
    assert.equal(await restoredAt(-4_800, objects, { from: nameOf(objects[2] ?? assert.fail()) }), 'a2@2 a3@3');
  });

  it('stop no restore where the one that follows is damaged', async () => {
    const objects = [await full(puts('a', 2, 2), 0), await full(puts('b', 2, 2), 8)];
    const damaged = { key: `v2/Incr-00000003-00000006-${T + 1_000}`, bytes: Buffer.alloc(5_000, 7) };
    assert.equal(await restoredAt(60, [...objects, damaged], {}), 'b2@2');
    const sound = delta(puts('b', 3, 6), 1_000);
    await assert.rejects(restoredAt(60, [...objects, sound], {}), { code: 'history_fork' });
  });
});

describe('a delta that was stored after a full of which nothing proves that it continues what was before', () => {
  const marker: DoubtMarker = {
    name: markerName({ begunOn: T + 10, shared: revision(2) }),
    begunOn: T + 10,
    shared: revision(2),
    why: 'continuation_unproven',
    upTo: revision(7),
    first: nameOf(shared),
    clusterId: '1',
    left: [],
  };
  const until = { kind: 'revision', revision: revision(6) } as const;

  async function restoredInDoubt(second: MemoryObject, target: RestoreTarget): Promise<string> {
    const later = await full([...puts('a', 2, 3), ...puts('b', 4, 7)], 10, true);
    return await restored([first, shared, left[0], later, second], target, [marker]);
  }

  it('does not continue that', async () => {
    const message = /nothing proves .* revision 7.*give at most --to-revision 5 .* or 7 and later/;
    await assert.rejects(restoredInDoubt(delta(puts('b', 6, 8), 11), { until }), { code: 'history_fork', message });
    const before = { until: { ...until, revision: revision(5) } };
    assert.equal(await restoredInDoubt(delta(puts('b', 6, 8), 11), before), 'a2@2 a3@3 a4@4 a5@5');
    assert.equal(await restoredInDoubt(delta(puts('b', 6, 8), 11), {}), 'a2@2 a3@3 b4@4 b5@5 b6@6 b7@7 b8@8');
  });

  it('does not do so upon a full that is named either', async () => {
    const named = await full(puts('a', 2, 5), 3);
    const later = await full([...puts('a', 2, 3), ...puts('b', 4, 7)], 10, true);
    const objects = [named, later, delta(puts('b', 6, 8), 11)];
    const target = { from: nameOf(named), until };
    await assert.rejects(restored(objects, target, [marker]), { code: 'history_fork', message: /nothing proves/ });
    assert.equal(await restored(objects, { from: nameOf(named) }, [marker]), 'a2@2 a3@3 a4@4 a5@5');
  });

  it('continues it where both tell the same of a revision', async () => {
    assert.equal(await restoredInDoubt(delta(puts('a', 5, 8), 11), { until }), 'a2@2 a3@3 a4@4 a5@5 a6@6');
  });

  it('continues it where the full was taken later still', async () => {
    assert.equal(await restoredInDoubt(delta(puts('a', 6, 8), 9), { until }), 'a2@2 a3@3 a4@4 a5@5 a6@6');
  });
});

describe('a restore', () => {
  /** Names of what a restore fetches. */
  async function fetched(objects: readonly MemoryObject[]): Promise<readonly string[]> {
    using dir = makeTempDir();
    const inner = memorySnapStore(objects);
    const names = new Set<string>();
    const fetch: SnapStore['fetch'] = (snapshot, options) => {
      names.add(snapshot.name);
      return inner.fetch(snapshot, options);
    };
    await restore(restoreRequest(dir, { store: { ...inner, fetch } }), recordedContext());
    return [...names].toSorted();
  }

  it('fetches nothing else that ends where its full does, unless a full of a lower revision was named after that or another one soon before', async () => {
    const [again, next] = [await full(past, 3_601), delta(puts('a', 4, 5), 3_631)];
    const ordinary = [first, shared, again, next];
    assert.deepEqual(await fetched(ordinary), [nameOf(again), nameOf(next)]);
    const [later, last] = [await full(past, 7_200), delta(puts('a', 4, 5), 7_201)];
    const fallen = [...ordinary.slice(0, -1), await full(past.slice(0, 1), 3_630), later, last];
    assert.deepEqual(await fetched(fallen), [nameOf(later), nameOf(last)]);
    const soon = await full(past, 60);
    assert.deepEqual(
      await fetched([first, shared, soon, next]),
      [nameOf(soon), nameOf(shared), nameOf(next)].toSorted(),
    );
  });
});

describe('a plan', () => {
  it('names what is in doubt', async () => {
    const target = {};
    const plan = await planRestore({ store: memorySnapStore(rolledBack), target }, recordedContext());
    assert.deepEqual(
      plan.doubts.map(({ full: younger }) => younger.name),
      [nameOf(begun)],
    );
    assert.match(planResult(plan, { format: 'text', now: 0 }), /TWO HISTORIES\? Full-00000000-00000003-/);
    const named = { from: nameOf(begun) };
    assert.deepEqual(
      (await planRestore({ store: memorySnapStore(rolledBack), target: named }, recordedContext())).doubts,
      [],
    );
  });
});

describe('compact', () => {
  it('refuses to merge two histories', async () => {
    using dir = makeTempDir();
    const store = memorySnapStore(rolledBack);
    const request = {
      store,
      tempDir: dir.path,
      maxFetchers: 2,
      quotaBytes: undefined,
      skipHashCheck: false,
      saveTimeoutMs: 60_000,
    };
    await assert.rejects(compactBackup(request, recordedContext()), { code: 'history_fork' });
  });
});
