import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readStoredBackups } from '../../../../src/operations/initialize/stored-backups.ts';
import { revision } from '../../../../src/revision.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { type Change, type Happening, happenings } from '../../../support/histories/happenings.ts';
import { restored, type Store } from '../../../support/histories/model-restore.ts';
import { RandomLife } from '../../../support/histories/random-life.ts';

/** The store without what was forged with a time that may be: what is left when it has been found out. */
function honest(life: RandomLife): Store {
  const { honest: listing, markers, contents, compactions } = life;
  return { listing, markers, contents, compactions };
}

/** Refused are only stores that clocks have named which were wrong by days, as long as nothing that can be believed follows. */
async function assertRestored(
  store: Store,
  life: Pick<RandomLife, 'acknowledged' | 'isContradictory' | 'wasPutBackUnseen'> & {
    readonly lines: readonly (readonly Change[])[];
  },
): Promise<void> {
  const { acknowledged, isContradictory, wasPutBackUnseen, lines } = life;
  const newest = await restored(store);
  const unknown = store.listing.filter(({ ahead }) => ahead !== undefined && ahead.before === undefined);
  const isRefused = typeof newest === 'string' && (unknown.length > 1 || isContradictory);
  if (wasPutBackUnseen && store.listing.some(({ ahead }) => ahead !== undefined)) {
    // Contents differ where nothing marks what was left, and names ahead of the clock do not tell which side is the later one.
    const isOne = [acknowledged, ...lines].some((line) => typeof newest === 'string' || isPrefix(newest, line));
    assert.ok(isOne, `${newest} is merged of two histories`);
    return;
  }
  // A delta that begins inside its full and seems to be older is left out, with a warning.
  const isShorter = typeof newest !== 'string' && isContradictory && isPrefix(newest, acknowledged);
  if (!(isRefused || isShorter)) {
    assert.deepEqual(newest, acknowledged);
  }
}

/** Every earlier state is that of the cluster, or of what it may have been before; what garbage collection has left may begin later. */
async function assertOlderStates(life: RandomLife): Promise<void> {
  const store = honest(life);
  const lines = life.wasPutBackUnseen ? life.lines : [];
  for (let at = 2; at <= life.acknowledged.length + 1; at++) {
    const older = await restored(store, { until: { kind: 'revision', revision: revision(at) } });
    const isOne = [life.acknowledged, ...lines].some((line) => typeof older !== 'string' && isPrefix(older, line));
    assert.ok(typeof older === 'string' || isOne, `${at}: ${older}`);
    assert.ok(typeof older === 'string' || older.length === at - 1, `${at}: ${older}`);
  }
}

/** What nothing proved to be continued stays as long as a history that was left, with what it needs. */
function assertDoubtsKept({ inDoubt, honest: listing }: RandomLife): void {
  const kept = new Set(listing.map(({ name }) => name));
  assert.deepEqual(
    inDoubt.filter((name) => !kept.has(name)),
    [],
    'what may have been left is gone',
  );
}

/** A copy gives what was acknowledged when it was made, and one that was killed or is slow what one cluster did. */
async function assertCopy(life: RandomLife): Promise<void> {
  const { copied, contents, compactions, isContradictory, wasPutBackUnseen } = life;
  const { acknowledged, listing, markers } = copied;
  const store = { listing, markers, contents, compactions };
  const lines = [...life.lines, life.acknowledged, ...(acknowledged === undefined ? [] : [acknowledged])];
  if (acknowledged !== undefined) {
    await assertRestored(store, { isContradictory, wasPutBackUnseen, lines, acknowledged });
    return;
  }
  const newest = await restored(store);
  assert.ok(
    typeof newest === 'string' || lines.some((line) => isPrefix(newest, line)),
    `${newest} of the copy is merged of two histories`,
  );
}

/** What was left comes back as it was. */
async function assertLeft(store: Store, life: RandomLife): Promise<void> {
  if (life.wasPutBackUnseen || life.isContradictory || store.listing.some(({ ahead }) => ahead !== undefined)) {
    return;
  }
  for (const { number, line } of life.left) {
    const { left } = life.histories;
    const hasOwn = left.some((history) => history.number === number && history.own.length > 0);
    assert.deepEqual(hasOwn ? await restored(store, { history: number }) : line, line, `history ${number}`);
  }
}

/** The revision that initialize holds a directory against. */
async function toCompare({ listing, markers }: Store, now: number): Promise<number> {
  const list = (): Promise<unknown> => Promise.resolve({ snapshots: listing, markers, ignored: [] });
  const clock = { now: () => now * 1000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const store = { list, location: 'memory' } as unknown as SnapStore;
  const stored = await readStoredBackups({ store, members: 1 }, { ...recordedContext(), clock });
  return stored.content === 'backups' ? (stored.toCompare ?? 0) : 0;
}

/** What has become of a cluster and its backup under a program that knows no histories. */
function livedUnderGo(life: readonly Happening[]): RandomLife {
  return livedUnder('Go', life);
}

function livedUnder(program: 'ours' | 'Go', life: readonly Happening[]): RandomLife {
  const lived = new RandomLife(program);
  for (const happening of life) {
    lived.happen(happening);
  }
  return lived;
}

function isPrefix(some: readonly Change[], line: readonly Change[]): boolean {
  return some.every((change, at) => line[at] === change);
}

/** With a clock that is put right twice by days, ages and revisions may fit each other by chance where no program marks a new history. */
function withOneJump(life: readonly Happening[]): readonly Happening[] {
  const isJump = (each: Happening): boolean => each.what === 'clock' && Math.abs(each.seconds) > 86_400;
  const first = life.findIndex(isJump);
  return life.filter((each, at) => at <= first || !isJump(each));
}

const numRuns = Number(process.env['HISTORIES'] ?? randomWalkLength({ usual: 400, long: 4000 }));

describe('random lives of a cluster', () => {
  it('under our snapshotter: what was acknowledged is restored exactly, and nothing is merged', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const lived = new RandomLife('ours');
      for (const happening of life) {
        lived.happen(happening);
        const store = honest(lived);
        await assertRestored(store, lived);
        await assertCopy(lived);
        assert.ok(
          lived.isPending || (await toCompare(store, lived.now)) <= lived.revision,
          'initialize would replace a directory that has everything',
        );
        assertDoubtsKept(lived);
        await assertLeft(store, lived);
      }
      if (!lived.isContradictory) {
        await assertOlderStates(lived);
      }
    });
    await fc.assert(lives, { numRuns });
  });

  it('under our snapshotter: a delta of a second writer does not continue what may have been left', async () => {
    const lived = new RandomLife('ours');
    const life: readonly Happening[] = [
      { what: 'write', changes: 2 },
      { what: 'delta', writer: 'ours' },
      { what: 'put back unseen', by: 1, beyond: 2 },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'second' },
    ];
    for (const happening of life) {
      lived.happen(happening);
    }
    const at = (to: number): Promise<unknown> =>
      restored(honest(lived), { until: { kind: 'revision', revision: revision(to) } });
    assert.deepEqual(await at(5), lived.lines[0]);
    assert.equal(await at(6), 'history_fork');
    assert.deepEqual(await at(8), lived.acknowledged);
  });

  it('under our snapshotter: the full that began the history, named ahead of the clock, is copied, and the copy refuses as its source does', async () => {
    const lived = livedUnder('ours', [
      { what: 'put back unseen', by: 1, beyond: 5 },
      { what: 'forge', kind: 'Full', lastRevision: 1, ahead: 600, size: 0 },
      { what: 'roll back', by: 5 },
      { what: 'copy' },
    ]);
    const { copied, contents, compactions } = lived;
    assert.equal(await restored(honest(lived)), 'history_fork');
    assert.equal(await restored({ ...copied, contents, compactions }), 'history_fork');
  });

  it('under our snapshotter: a compaction stores nothing where a history began meanwhile, also after what it was made of was deleted', async () => {
    const lived = livedUnder('ours', [
      { what: 'begin compaction' },
      { what: 'put back unseen', by: 1, beyond: 1 },
      { what: 'collect', policy: { kind: 'LimitBased', maxBackups: 1 } },
      { what: 'rebuild' },
      { what: 'end compaction' },
    ]);
    assert.deepEqual(await restored(honest(lived)), lived.acknowledged);
  });

  const uponOneFull: readonly Happening[] = [
    { what: 'put back unseen', by: 1, beyond: 2 },
    { what: 'write', changes: 2 },
    { what: 'delta', writer: 'second' },
  ];

  it('under our snapshotter: nor where there was only a full', async () => {
    const lived = livedUnder('ours', uponOneFull);
    const at = (to: number): Promise<unknown> =>
      restored(honest(lived), { until: { kind: 'revision', revision: revision(to) } });
    assert.deepEqual(await at(3), lived.lines[0]);
    assert.equal(await at(4), 'history_fork');
    assert.deepEqual(await at(7), lived.acknowledged);
  });

  const after: readonly (readonly [string, readonly Happening[]])[] = [
    ['and was left since', [{ what: 'roll back', by: 5 }]],
    [
      'and all are named ahead of the clock since',
      [
        { what: 'write', changes: 2 },
        { what: 'clock', seconds: -2 * 86_400 },
        { what: 'delta', writer: 'second' },
      ],
    ],
  ];
  for (const [what, more] of after) {
    it(`under our snapshotter: a delta of a second writer that is named does not continue what may have been left, ${what}`, async () => {
      const lived = livedUnder('ours', [...uponOneFull, ...more]);
      const named = lived.listing.find(({ kind, lastRevision }) => kind === 'Incr' && lastRevision === 7);
      assert.equal(await restored(honest(lived), { from: named?.name ?? assert.fail() }), 'history_fork');
    });
  }

  it('under a program that knows no histories: one history is restored or none, and each by name', async () => {
    const lives = fc.asyncProperty(happenings.map(withOneJump), async (life) => {
      const lived = new RandomLife('Go');
      for (const happening of life) {
        lived.happen(happening);
      }
      const store = honest(lived);
      const lines = [...lived.lines, lived.acknowledged];
      const newest = await restored(store);
      assert.ok(typeof newest === 'string' || lines.some((line) => isPrefix(newest, line)), String(newest));
      for (const { name, chunk } of store.listing.filter(
        ({ kind, name: each }) => kind === 'Full' && store.contents.has(each),
      )) {
        assert.equal(chunk, undefined);
        const one = await restored(store, { from: name });
        assert.deepEqual(one, lived.contents.get(name));
      }
    });
    await fc.assert(lives, { numRuns });
  });

  it('under one such program, whose clock was ahead of all that it names next: two fulls that differ are refused', async () => {
    const lived = livedUnderGo([
      { what: 'clock', seconds: -90 },
      { what: 'rebuild' },
      { what: 'full' },
      { what: 'write', changes: 1 },
      { what: 'clock', seconds: -100 * 86_400 },
      { what: 'delta', writer: 'ours' },
    ]);
    assert.equal(await restored(honest(lived)), 'history_fork');
  });

  const foundByChance: readonly (readonly [string, readonly Happening[]])[] = [
    [
      'a full of the new cluster',
      [
        { what: 'rebuild' },
        { what: 'clock', seconds: -90 },
        { what: 'full' },
        { what: 'clock', seconds: 100 * 86_400 },
        { what: 'write', changes: 1 },
        { what: 'delta', writer: 'ours' },
      ],
    ],
    [
      'a delta of the new cluster',
      [
        { what: 'clock', seconds: -3_000 },
        { what: 'rebuild' },
        { what: 'delta', writer: 'ours' },
        { what: 'write', changes: 1 },
        { what: 'clock', seconds: 2 * 86_400 },
        { what: 'delta', writer: 'ours' },
      ],
    ],
  ];
  const setBackByMinutes: readonly (readonly [string, readonly Happening[]])[] = [
    [
      'a delta that ends where the dead cluster does',
      [
        { what: 'delta', writer: 'ours' },
        { what: 'clock', seconds: 4_000 },
        { what: 'write', changes: 1 },
        { what: 'delta', writer: 'ours' },
      ],
    ],
    [
      'a full that ends there',
      [
        { what: 'full' },
        { what: 'write', changes: 1 },
        { what: 'delta', writer: 'ours' },
        { what: 'write', changes: 1 },
        { what: 'clock', seconds: 4_000 },
        { what: 'delta', writer: 'ours' },
      ],
    ],
    [
      'a longer delta, and one of a second writer that proves it',
      [
        { what: 'write', changes: 2 },
        { what: 'delta', writer: 'ours' },
        { what: 'write', changes: 1 },
        { what: 'clock', seconds: 2 * 86_400 },
        { what: 'delta', writer: 'second' },
      ],
    ],
  ];
  for (const [what, life] of setBackByMinutes) {
    it(`under one such program, whose clock was set back by minutes: ${what} is refused`, async () => {
      const lived = livedUnderGo([{ what: 'clock', seconds: -90 }, { what: 'rebuild' }, ...life]);
      assert.equal(await restored(honest(lived)), 'history_fork');
    });
  }

  it('under one such program: a full that was taken after a fall-back is restored, though the dead cluster ended there', async () => {
    const lived = livedUnderGo([
      { what: 'rebuild' },
      { what: 'full' },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'ours' },
    ]);
    assert.deepEqual(await restored(honest(lived)), lived.acknowledged);
  });

  for (const [what, life] of foundByChance) {
    it(`under one such program, whose clock was set back: ${what} that ends where the dead one does is refused`, async () => {
      assert.equal(await restored(honest(livedUnderGo(life))), 'history_fork');
    });
  }

  it('under one such program, with names ahead of the clock: an older state whose deltas may go on from either is refused', async () => {
    const lived = livedUnderGo([
      { what: 'put back unseen', by: 1, beyond: 3 },
      { what: 'clock', seconds: 4_000 },
      { what: 'roll back', by: 3 },
      { what: 'clock', seconds: -3_000 },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'ours' },
    ]);
    const until = { kind: 'revision', revision: revision(4) } as const;
    assert.equal(await restored(honest(lived), { until }), 'history_fork');
  });

  it('under one such program, whose clock was ahead: a delta that is named and may go on from either is refused', async () => {
    const lived = livedUnderGo([
      { what: 'rebuild' },
      { what: 'delta', writer: 'ours' },
      { what: 'rebuild' },
      { what: 'clock', seconds: -100 * 86_400 },
      { what: 'roll back', by: 1 },
    ]);
    const named = lived.listing.find(({ kind }) => kind === 'Incr')?.name;
    assert.equal(await restored(honest(lived), { from: named ?? assert.fail() }), 'history_fork');
  });

  it('under one such program, whose clock was set back: a delta that is named is restored, and no other of its revisions', async () => {
    const lived = livedUnderGo([
      { what: 'rebuild' },
      { what: 'delta', writer: 'ours' },
      { what: 'rebuild' },
      { what: 'clock', seconds: -90 },
      { what: 'delta', writer: 'ours' },
    ]);
    const named = lived.listing.findLast(({ kind }) => kind === 'Incr')?.name;
    assert.deepEqual(await restored(honest(lived), { from: named ?? assert.fail() }), lived.acknowledged);
  });

  it('under one such program, whose clock was ahead, and with a damaged full that is newer: they are refused, too', async () => {
    const lived = livedUnderGo([
      { what: 'forge', kind: 'Full', lastRevision: 5, ahead: 0, size: 0 },
      { what: 'clock', seconds: -90 },
      { what: 'rebuild' },
      { what: 'delta', writer: 'ours' },
      { what: 'write', changes: 1 },
      { what: 'clock', seconds: -100 * 86_400 },
      { what: 'delta', writer: 'ours' },
    ]);
    assert.equal(await restored(honest(lived)), 'history_fork');
  });

  it('under such a program: older states are of one history, too', async () => {
    const lives = fc.asyncProperty(happenings.map(withOneJump), async (life) => {
      const lived = livedUnderGo(life);
      const store = honest(lived);
      const lines = [...lived.lines, lived.acknowledged];
      for (let at = 2; at <= lived.acknowledged.length + 1; at++) {
        const older = await restored(store, { until: { kind: 'revision', revision: revision(at) } });
        assert.ok(typeof older === 'string' || lines.some((line) => isPrefix(older, line)), `${at}: ${older}`);
      }
    });
    await fc.assert(lives, { numRuns });
  });

  it('under such a program: a delta that is named is restored as it is, upon its own history, or refused', async () => {
    const lives = fc.asyncProperty(happenings.map(withOneJump), async (life) => {
      const lived = livedUnderGo(life);
      const store = honest(lived);
      const lines = [...lived.lines, lived.acknowledged];
      for (const { name, kind, lastRevision } of store.listing) {
        const content = kind === 'Incr' ? store.contents.get(name) : undefined;
        const state = content === undefined ? 'none' : await restored(store, { from: name });
        if (typeof state !== 'string') {
          assert.deepEqual(state.slice(-(content?.length ?? 0)), content, name);
          assert.ok(
            state.length === lastRevision - 1 && lines.some((line) => isPrefix(state, line)),
            `${name}: ${state}`,
          );
        }
      }
    });
    await fc.assert(lives, { numRuns });
  });

  const ofSecondWriter: readonly Happening[] = [
    { what: 'put back unseen', by: 9, beyond: 2 },
    { what: 'write', changes: 2 },
    { what: 'delta', writer: 'second' },
  ];
  it('under such programs: an older state does not join a delta of a second writer to what is not of its history', async () => {
    const lived = livedUnderGo(ofSecondWriter);
    const at = (to: number): Promise<unknown> =>
      restored(honest(lived), { until: { kind: 'revision', revision: revision(to) } });
    assert.equal(await at(4), 'history_fork');
    assert.deepEqual(await at(3), lived.lines[0]);
    assert.deepEqual(await at(7), lived.acknowledged);
  });

  it('under such programs: a delta that is named, and of which another tells otherwise, is refused', async () => {
    const named = async (life: readonly Happening[], lastRevision: number): Promise<unknown> => {
      const lived = livedUnderGo(life);
      const delta = lived.listing.findLast((each) => each.kind === 'Incr' && each.lastRevision === lastRevision);
      return await restored(honest(lived), { from: delta?.name ?? assert.fail() });
    };
    assert.equal(await named(ofSecondWriter, 7), 'history_fork');
    const twice: readonly Happening[] = [
      { what: 'write', changes: 4 },
      { what: 'delta', writer: 'ours' },
      { what: 'write', changes: 3 },
      { what: 'roll back', by: 4 },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'second' },
    ];
    assert.equal(await named(twice, 7), 'history_fork');
    const setBack: readonly Happening[] = [
      { what: 'rebuild' },
      { what: 'delta', writer: 'ours' },
      { what: 'clock', seconds: -90 },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'ours' },
    ];
    assert.equal(await named(setBack, 4), 'history_fork');
  });
});
