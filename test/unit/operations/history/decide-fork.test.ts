import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decideFork } from '../../../../src/operations/history/decide-fork.ts';
import type { Overlap } from '../../../../src/operations/history/overlaps.ts';
import { chooseDeltas } from '../../../../src/operations/restore/deltas/choose.ts';
import { selectChain } from '../../../../src/operations/restore/select-chain.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import type { HistoryMarker } from '../../../../src/snapshot/history/history-marker.ts';
import type { SnapStore, StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { type Change, happenings, RandomLife } from '../../../support/histories/random-life.ts';

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

/** A restore with everything but the reading of objects as it is. */
async function restored(store: Store, target: RestoreTarget = {}): Promise<Outcome> {
  const { listing, markers } = store;
  const list = (): Promise<unknown> => Promise.resolve({ snapshots: listing, markers, ignored: [] });
  try {
    const selection = await selectChain(
      { list, location: 'memory' } as unknown as SnapStore,
      target,
      recordedContext(),
    );
    const [{ base, candidates }] = selection.chains;
    if (!store.contents.has(base.name)) {
      return 'unreadable';
    }
    const { until } = selection;
    const { lastRevision: covered } = base;
    const { deltas: used, missing } = chooseDeltas({ base, candidates }, { covered, until });
    if (missing !== undefined) {
      return 'backup_gap';
    }
    const considered = selection.isChosen ? used : candidates;
    const chain = { base, covered, used, candidates: considered, until, doubts: selection.doubts };
    const compare = ({ delta, other, range }: Overlap): Promise<'equal' | number> => {
      for (let at = range.from; at <= range.to; at = revision(at + 1)) {
        if (changeAt(store, delta, at) !== changeAt(store, other === 'base' ? base : other, at)) {
          return Promise.resolve(at);
        }
      }
      return Promise.resolve('equal');
    };
    if ((await decideFork(chain, { compare, isCompaction: () => Promise.resolve(false) })) !== undefined) {
      return 'history_fork';
    }
    const changes = [...content(store, base)];
    for (const delta of used) {
      for (let at = changes.length + 2; at <= Math.min(delta.lastRevision, until ?? delta.lastRevision); at++) {
        changes.push(changeAt(store, delta, at) ?? 'nothing');
      }
    }
    return changes;
  } catch (error) {
    if (error instanceof Failure) {
      return error.code;
    }
    throw error;
  }
}

/** The store without what was forged: what is left when it has been found out. */
function honest(life: RandomLife): Store {
  const listing = life.listing.filter((snapshot) => !life.isForged(snapshot));
  return { listing, markers: life.markers, contents: life.contents };
}

function isPrefix(some: readonly Change[], line: readonly Change[]): boolean {
  return some.every((change, at) => line[at] === change);
}

const numRuns = Number(process.env['HISTORIES'] ?? 400);

describe('random lives of a cluster', () => {
  it('under our snapshotter: what was acknowledged is restored exactly, and nothing is merged', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const lived = new RandomLife('ours');
      for (const happening of life) {
        lived.happen(happening);
        const store = honest(lived);
        assert.deepEqual(await restored(store), lived.acknowledged);
      }
    });
    await fc.assert(lives, { numRuns });
  });

  it('under a program that knows no histories: one history is restored or none, and each by name', async () => {
    const lives = fc.asyncProperty(happenings, async (life) => {
      const lived = new RandomLife('Go');
      for (const happening of life) {
        lived.happen(happening);
      }
      const store = honest(lived);
      const lines = [...lived.lines, lived.acknowledged];
      const newest = await restored(store);
      assert.ok(typeof newest === 'string' || lines.some((line) => isPrefix(newest, line)), String(newest));
      for (const { name, chunk } of store.listing.filter(({ kind }) => kind === 'Full')) {
        assert.equal(chunk, undefined);
        const one = await restored(store, { from: name });
        assert.deepEqual(one, lived.contents.get(name));
      }
    });
    await fc.assert(lives, { numRuns });
  });

  // Deltas of a second writer may begin where a dead cluster ended, once garbage collection has removed what would tell.
  it('under one such program alone: older states are of one history, too', async () => {
    const alone = happenings.map((life) => life.filter((each) => each.what !== 'delta' || each.writer === 'ours'));
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
