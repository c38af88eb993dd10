import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decideFork } from '../../../../src/operations/history/decide-fork.ts';
import type { Overlap } from '../../../../src/operations/history/overlaps.ts';
import { readStoredBackups } from '../../../../src/operations/initialize/stored-backups.ts';
import { chooseDeltas } from '../../../../src/operations/restore/deltas/choose.ts';
import {
  type AheadEvidence,
  doubtedBy,
  ofAnotherHistory,
} from '../../../../src/operations/restore/rebuild-selected.ts';
import { type Selection, selectChain } from '../../../../src/operations/restore/select-chain.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import type { FailureCode } from '../../../../src/runtime/failure-code.ts';
import type { RevisionRange } from '../../../../src/snapshot/cover.ts';
import type { HistoryMarker } from '../../../../src/snapshot/history/history-marker.ts';
import type { SnapStore, StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { type Change, type Happening, happenings, RandomLife } from '../../../support/histories/random-life.ts';

/** What a restore brings back: the changes from revision 2 on, or the code of its refusal. */
type Outcome = readonly Change[] | string;

interface Store {
  readonly listing: readonly StoredSnapshot[];
  readonly markers: readonly HistoryMarker[];
  readonly contents: ReadonlyMap<string, readonly Change[]>;
}

function content({ contents }: Store, { name }: StoredSnapshot): readonly Change[] {
  return contents.get(name) ?? assert.fail(`${name} was forged`);
}

/** The change that a snapshot tells for a revision. */
function changeAt(store: Store, snapshot: StoredSnapshot, at: number): Change | undefined {
  return content(store, snapshot)[at - Math.max(2, snapshot.startRevision)];
}

/** A restore with everything but the reading of objects as it is. What is named ahead of the clock stops none. */
async function restored(store: Store, target: RestoreTarget = {}): Promise<Outcome> {
  const { listing: snapshots, markers } = store;
  const list = (): Promise<unknown> => Promise.resolve({ snapshots, markers, ignored: [] });
  const place = { list, location: 'memory' } as unknown as SnapStore;
  const evidence: AheadEvidence = {
    isDamaged: ({ name }) => Promise.resolve(!store.contents.has(name)),
    compare: ({ ahead, other, range }) => Promise.resolve(firstDifference(store, [ahead, other], range)),
  };
  let first: string | undefined;
  let without: Set<StoredSnapshot> | undefined;
  for (;;) {
    let selection: Selection | undefined;
    try {
      selection = await selectChain(place, target, recordedContext(), without === undefined ? {} : { without });
      if (without === undefined) {
        without = new Set(await ofAnotherHistory(selection, evidence, { location: 'memory' }));
        selection = await selectChain(place, target, recordedContext(), { without });
      }
      return await rebuilt(store, selection);
    } catch (error) {
      if (!(error instanceof Failure)) {
        throw error;
      }
      first ??= error.code;
      const doubted = selection === undefined ? [] : await doubtedBy(error, selection, evidence);
      if (doubted.length === 0) {
        return first;
      }
      for (const each of doubted) {
        without?.add(each);
      }
    }
  }
}

/** The first revision that two snapshots tell differently; undefined where they do not, or one was forged. */
function firstDifference(
  store: Store,
  [one, other]: readonly [StoredSnapshot, StoredSnapshot],
  { from, to }: RevisionRange,
): number | undefined {
  if (!(store.contents.has(one.name) && store.contents.has(other.name))) {
    return undefined;
  }
  for (let at = Math.max(2, from); at <= to; at++) {
    if (changeAt(store, one, at) !== changeAt(store, other, at)) {
      return at;
    }
  }
  return undefined;
}

async function rebuilt(store: Store, selection: Selection): Promise<readonly Change[]> {
  const [{ base, candidates }] = selection.chains;
  readable(store, base);
  const { until } = selection;
  const { lastRevision: covered } = base;
  const { deltas: used, missing } = chooseDeltas({ base, candidates }, { covered, until });
  if (missing !== undefined) {
    throw failure('backup_gap', base);
  }
  const considered = selection.isChosen ? used : candidates;
  const chain = { base, covered, used, candidates: considered, until, doubts: selection.doubts };
  const compare = ({ delta, other, range }: Overlap): Promise<'equal' | 'unknown' | number> => {
    const another = other === 'base' ? base : other;
    const isKnown = store.contents.has(delta.name) && store.contents.has(another.name);
    return Promise.resolve(isKnown ? (firstDifference(store, [delta, another], range) ?? 'equal') : 'unknown');
  };
  if ((await decideFork(chain, { compare, isCompaction: () => Promise.resolve(false) })) !== undefined) {
    throw failure('history_fork', base);
  }
  const changes = [...content(store, base)];
  for (const delta of used) {
    readable(store, delta);
    for (let at = changes.length + 2; at <= Math.min(delta.lastRevision, until ?? delta.lastRevision); at++) {
      changes.push(changeAt(store, delta, at) ?? 'nothing');
    }
  }
  return changes;
}

/** Throws as a restore does from what was forged. */
function readable({ contents }: Store, snapshot: StoredSnapshot): void {
  if (!contents.has(snapshot.name)) {
    throw failure('snapshot_corrupt', snapshot);
  }
}

function failure(code: FailureCode, { name }: StoredSnapshot): Failure {
  return new Failure({ code, action: 'restore', object: name, found: 'it is so' });
}

/** The store without what was forged with a time that may be: what is left when it has been found out. */
function honest(life: RandomLife): Store {
  return { listing: life.honest, markers: life.markers, contents: life.contents };
}

/** Refused are only stores that clocks have named which were wrong by days, as long as nothing that can be believed follows. */
async function assertRestored(
  store: Store,
  { acknowledged, isContradictory }: Pick<RandomLife, 'acknowledged' | 'isContradictory'>,
): Promise<void> {
  const newest = await restored(store);
  const unknown = store.listing.filter(({ ahead }) => ahead !== undefined && ahead.before === undefined);
  const isRefused = typeof newest === 'string' && (unknown.length > 1 || isContradictory);
  // A delta that begins inside its full and seems to be older is left out, with a warning.
  const isShorter = typeof newest !== 'string' && isContradictory && isPrefix(newest, acknowledged);
  if (!(isRefused || isShorter)) {
    assert.deepEqual(newest, acknowledged);
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

function isPrefix(some: readonly Change[], line: readonly Change[]): boolean {
  return some.every((change, at) => line[at] === change);
}

/** With a clock that is put right twice by days, ages and revisions may fit each other by chance where no program marks a new history. */
function withOneJump(life: readonly Happening[]): readonly Happening[] {
  const isJump = (each: Happening): boolean => each.what === 'clock' && Math.abs(each.seconds) > 86_400;
  const first = life.findIndex(isJump);
  return life.filter((each, at) => at <= first || !isJump(each));
}

const numRuns = Number(process.env['HISTORIES'] ?? 400);

describe('random lives of a cluster', () => {
  it('under our snapshotter: what was acknowledged is restored exactly, and nothing is merged', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const lived = new RandomLife('ours');
      for (const happening of life) {
        lived.happen(happening);
        const store = honest(lived);
        await assertRestored(store, lived);
        const { copied, copiedMarkers: markers, contents } = lived;
        if (happening.what === 'copy' && copied !== undefined) {
          const { acknowledged } = copied;
          await assertRestored(
            { listing: copied.listing, markers, contents },
            { isContradictory: lived.isContradictory, acknowledged },
          );
        }
        assert.ok(
          (await toCompare(store, lived.now)) <= lived.revision,
          'initialize would replace a directory that has everything',
        );
      }
    });
    await fc.assert(lives, { numRuns });
  });

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

  // Deltas of a second writer may begin where a dead cluster ended, once garbage collection has removed what would tell.
  it('under one such program alone: older states are of one history, too', async () => {
    const alone = happenings.map((life) =>
      withOneJump(life).filter((each) => each.what !== 'delta' || each.writer === 'ours'),
    );
    const lives = fc.asyncProperty(alone, async (life) => {
      const lived = new RandomLife('Go');
      for (const happening of life) {
        lived.happen(happening);
      }
      const store = honest(lived);
      const lines = [...lived.lines, lived.acknowledged];
      for (let at = 2; at <= lived.acknowledged.length + 1; at++) {
        const older = await restored(store, { until: { kind: 'revision', revision: revision(at) } });
        assert.ok(typeof older === 'string' || lines.some((line) => isPrefix(older, line)), `${at}: ${older}`);
      }
    });
    await fc.assert(lives, { numRuns });
  });
});
