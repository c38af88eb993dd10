import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { type Revision, revision } from '../../../../src/revision.ts';
import { beginsHistory } from '../../../../src/snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import {
  type Change,
  type Happening,
  happenings,
  underBoth,
  withDeletions,
} from '../../../support/histories/happenings.ts';
import { type Outcome, restored, type Store } from '../../../support/histories/model-restore.ts';
import { RandomLife } from '../../../support/histories/random-life.ts';

function honest(life: RandomLife): Store {
  const { honest: listing, markers, contents, compactions } = life;
  return { listing, markers, contents, compactions };
}

function copiedOf({ copied: { listing, markers }, contents, compactions }: RandomLife): Store {
  return { listing, markers, contents, compactions };
}

function linesOf({ lines, acknowledged, current }: RandomLife): readonly (readonly Change[])[] {
  return [...lines, acknowledged, current];
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

const upTo = (at: number): { readonly until: { readonly kind: 'revision'; readonly revision: Revision } } => ({
  until: { kind: 'revision', revision: revision(at) },
});

/** Whether what a restore gives is what one cluster did, or it refuses. */
function isOfOneLine(state: Outcome, life: RandomLife): boolean {
  return typeof state === 'string' || linesOf(life).some((line) => isPrefix(state, line));
}

/** Whether the docs say that nothing in the store can tell two histories apart where this is restored. */
type IsKnownLimit = (store: Store, target: RestoreTarget) => boolean | Promise<boolean>;

function isDelta({ listing }: Store, { from }: RestoreTarget): boolean {
  return listing.some(({ name, kind }) => name === from && kind === 'Incr');
}

/**
 * A delta that is named although every full that could lead to it is younger by its name: without a marker that says only that a clock was
 * wrong (docs/histories.md, "The way out is in the message").
 */
function isDeltaBeforeItsFulls({ listing }: Store, { from }: RestoreTarget): boolean {
  const named = listing.find(({ name }) => name === from);
  return (
    named?.kind === 'Incr' &&
    listing
      .filter(({ kind, lastRevision }) => kind === 'Full' && lastRevision < named.lastRevision)
      .every(({ createdOn }) => createdOn > named.createdOn)
  );
}

/**
 * Whether it would be told with snapshots that are not there: nothing in the store can tell what they told (docs/histories.md, "Nothing in the
 * store can tell").
 */
async function isToldWith(
  missing: readonly StoredSnapshot[],
  life: RandomLife,
  { store, target }: { readonly store: Store; readonly target: RestoreTarget },
): Promise<boolean> {
  const there = new Set(store.listing.map(({ name }) => name));
  const gone = missing.filter(({ name }) => !there.has(name));
  const whole = { ...store, listing: [...store.listing, ...gone] };
  return gone.length > 0 && isOfOneLine(await restored(whole, target), life);
}

/** The newest state, each older one, and each snapshot that is named is what one cluster did, or is refused. */
async function assertUnmerged(store: Store, life: RandomLife, isKnownLimit: IsKnownLimit = () => false): Promise<void> {
  const assertOne = async (state: Outcome, target: RestoreTarget, what: string): Promise<void> => {
    const isOne = isOfOneLine(state, life) || (await isKnownLimit(store, target));
    assert.ok(isOne, `${what} is merged of two histories: ${state}`);
  };
  await assertOne(await restored(store), {}, 'the newest state');
  const most = store.listing.reduce(
    (end, { name, lastRevision }) => (store.contents.has(name) ? Math.max(end, lastRevision) : end),
    1,
  );
  for (let at = 2; at <= most; at++) {
    const older = await restored(store, upTo(at));
    await assertOne(older, upTo(at), `the state at ${at}`);
    assert.ok(typeof older === 'string' || older.length === at - 1, `${at}: ${older}`);
  }
  for (const { name, kind, lastRevision } of store.listing.filter((each) => store.contents.has(each.name))) {
    const named = await restored(store, { from: name });
    await assertOne(named, { from: name }, name);
    const content = store.contents.get(name) ?? [];
    if (kind === 'Full') {
      assert.deepEqual(named, content, name);
      // Where another snapshot ends at the same revision, to name one is to choose which of them the rest goes on from.
      const isAlone = store.listing.every((each) => each.name === name || each.lastRevision !== lastRevision);
      for (let at: number = lastRevision; isAlone && at <= most; at++) {
        const further = await restored(store, { from: name, ...upTo(at) });
        await assertOne(further, { from: name, ...upTo(at) }, `${name} up to ${at}`);
        assert.ok(typeof further === 'string' || isPrefix(content, further), `${name} up to ${at}: ${further}`);
      }
    } else if (typeof named !== 'string') {
      assert.equal(named.length, lastRevision - 1, name);
      assert.deepEqual(named.slice(-content.length), content, name);
    }
  }
}

async function assertLeftUnmerged(store: Store, life: RandomLife): Promise<void> {
  for (const { number, own } of life.histories.left.filter((each) => each.own.length > 0)) {
    const last = own.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0);
    for (let at = 2; at <= Math.min(last, 200); at++) {
      const older = await restored(store, { history: number, ...upTo(at) });
      assert.ok(isOfOneLine(older, life), `history ${number} at ${at} is merged: ${older}`);
    }
  }
}

function lived(
  program: 'ours' | 'Go',
  life: readonly Happening[],
  each: (life: RandomLife) => void = () => {},
): RandomLife {
  const one = new RandomLife(program);
  for (const happening of life) {
    one.happen(happening);
    each(one);
  }
  return one;
}

const numRuns = Number(process.env['HISTORIES'] ?? randomWalkLength({ usual: 200, long: 4000 }));

describe('random lives of a cluster', () => {
  it('under our snapshotter: older states, what is named, what was left and copies are of one history each', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const one = lived('ours', life);
      if (one.wasPutBackUnseen && one.listing.some(({ ahead }) => ahead !== undefined)) {
        return;
      }
      await assertUnmerged(honest(one), one);
      await assertLeftUnmerged(honest(one), one);
      await assertUnmerged(copiedOf(one), one);
    });
    await fc.assert(lives, { numRuns });
  });

  it('under our snapshotter: what a copy gave before is not refused because another one was killed', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const one = new RandomLife('ours');
      for (const happening of life) {
        const before = happening.what === 'copy' ? await restored(copiedOf(one)) : 'none';
        one.happen(happening);
        const isPlain = !(
          one.isContradictory ||
          one.wasPutBackUnseen ||
          one.listing.some(({ ahead }) => ahead !== undefined)
        );
        if (isPlain && typeof before !== 'string') {
          const now = await restored(copiedOf(one));
          assert.ok(typeof now !== 'string' || (one.isCopyUnmarked && now === 'history_fork'), String(now));
        }
      }
    });
    await fc.assert(lives, { numRuns });
  });

  it('under our snapshotter: a copy refuses where a lifecycle rule deleted the marker before it was copied', async () => {
    const one = lived('ours', [
      { what: 'copy' },
      { what: 'rebuild' },
      { what: 'full' },
      { what: 'write', changes: 1 },
      { what: 'delta', writer: 'ours' },
      { what: 'expire', objects: 6 },
      { what: 'copy' },
    ]);
    assert.deepEqual(await restored(honest(one)), one.acknowledged);
    assert.equal(await restored(copiedOf(one)), 'history_fork');
    assert.ok(one.isCopyUnmarked);
  });

  it('under a program that knows no histories: copies are of one history each', async () => {
    const lives = fc.asyncProperty(happenings.map(withOneJump), async (life) => {
      const one = lived('Go', life);
      const fulls = one.honest.filter((each) => each.kind === 'Full' && !one.isForged(each));
      // A delta that is named is there, and the full that leads to it is not: its copy was killed before that.
      const isUntold: IsKnownLimit = async (store, target) =>
        isDeltaBeforeItsFulls(store, target) ||
        (isDelta(store, target) && (await isToldWith(fulls, one, { store, target })));
      await assertUnmerged(copiedOf(one), one, isUntold);
    });
    await fc.assert(lives, { numRuns });
  });

  it('under a program that knows no histories: a copy is not merged where the clock of the new cluster was ahead', async () => {
    const one = lived('Go', [
      { what: 'write', changes: 3 },
      { what: 'delta', writer: 'ours' },
      { what: 'clock', seconds: 172_800 },
      { what: 'rebuild' },
      { what: 'write', changes: 3 },
      { what: 'delta', writer: 'ours' },
      { what: 'write', changes: 2 },
      { what: 'delta', writer: 'ours' },
      { what: 'clock', seconds: -172_800 },
      { what: 'copy' },
    ]);
    await assertUnmerged(honest(one), one);
    await assertUnmerged(copiedOf(one), one);
  });

  it('under both programs in turn: nothing is merged', async () => {
    const lives = fc.asyncProperty(underBoth.map(withOneJump), async (life) => {
      const one = lived('ours', life);
      await assertUnmerged(honest(one), one, isDeltaBeforeItsFulls);
    });
    await fc.assert(lives, { numRuns });
  });

  it('under our snapshotter: a start after the first full of an announced history was deleted by hand begins it again', async () => {
    const one = lived('ours', [
      { what: 'roll back', by: 1 },
      { what: 'rebuild', endsWith: 'full' },
      { what: 'delete by hand', at: 2, of: 'snapshots' },
      { what: 'delta', writer: 'ours' },
    ]);
    await assertUnmerged(honest(one), one);
    assert.deepEqual(await restored(honest(one)), one.acknowledged);
  });

  it('under our snapshotter, with objects that are deleted by hand: nothing is merged', async () => {
    const lives = fc.asyncProperty(withDeletions.map(withOneJump), async (life) => {
      const one = lived('ours', life);
      const { listing, markers } = one.deletedByHand;
      // A marker and the snapshots that told the same are both gone.
      const isUntold: IsKnownLimit = async (store, target) =>
        markers.some(beginsHistory) && (await isToldWith(listing, one, { store, target }));
      await assertUnmerged(honest(one), one, isUntold);
    });
    await fc.assert(lives, { numRuns });
  });
});
