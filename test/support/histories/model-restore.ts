import assert from 'node:assert/strict';
import { decideFork } from '../../../src/operations/history/decide-fork.ts';
import type { Overlap } from '../../../src/operations/history/overlaps.ts';
import { comparedDeltas } from '../../../src/operations/restore/compared-deltas.ts';
import { chooseDeltas } from '../../../src/operations/restore/deltas/choose.ts';
import { type AheadEvidence, doubtedBy, ofAnotherHistory } from '../../../src/operations/restore/rebuild-selected.ts';
import { type Selection, selectChain } from '../../../src/operations/restore/select-chain.ts';
import type { RestoreTarget } from '../../../src/operations/restore/target.ts';
import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import type { FailureCode } from '../../../src/runtime/failure-code.ts';
import type { RevisionRange } from '../../../src/snapshot/cover.ts';
import type { StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import type { SnapStore, StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../context/run-context.ts';
import type { Change } from './happenings.ts';

/** What a restore brings back: the changes from revision 2 on, or the code of its refusal. */
export type Outcome = readonly Change[] | string;

/** What a store of a {@link RandomLife} holds, and what its objects say. */
export interface Store {
  readonly listing: readonly StoredSnapshot[];
  readonly markers: readonly StoreMarker[];
  readonly contents: ReadonlyMap<string, readonly Change[]>;
  /** Names of fulls that a compaction has made. */
  readonly compactions: ReadonlySet<string>;
}

function content({ contents }: Store, { name }: StoredSnapshot): readonly Change[] {
  return contents.get(name) ?? assert.fail(`${name} was forged`);
}

/** The change that a snapshot tells for a revision. */
function changeAt(store: Store, snapshot: StoredSnapshot, at: number): Change | undefined {
  return content(store, snapshot)[at - Math.max(2, snapshot.startRevision)];
}

/** A restore with everything but the reading of objects as it is. What is named ahead of the clock stops none. */
export async function restored(store: Store, target: RestoreTarget = {}): Promise<Outcome> {
  const { listing: snapshots, markers } = store;
  const list = (): Promise<unknown> => Promise.resolve({ snapshots, markers, ignored: [] });
  const place = { list, location: 'memory' } as unknown as SnapStore;
  const evidence: AheadEvidence = {
    isDamaged: ({ name }) => Promise.resolve(!store.contents.has(name)),
    compare: ({ ahead, other, range }) => Promise.resolve(firstDifference(store, [ahead, other], range)),
  };
  const without = new Set<StoredSnapshot>();
  const select = (): Promise<Selection> => selectChain(place, target, recordedContext(), { without });
  let first: Failure | undefined;
  const selectAgain = async (left: readonly StoredSnapshot[]): Promise<Selection> => {
    for (const each of left) {
      without.add(each);
    }
    return await select().catch((error: unknown) => {
      throw first ?? error;
    });
  };
  try {
    let selection = await select();
    for (;;) {
      const differing = await ofAnotherHistory(selection, evidence, { location: 'memory' });
      selection = differing.length === 0 ? selection : await selectAgain(differing);
      try {
        return await rebuilt(store, selection);
      } catch (error) {
        if (!(error instanceof Failure)) {
          throw error;
        }
        first ??= error;
        const doubted = await doubtedBy(error, selection, evidence);
        if (doubted.length === 0) {
          throw first;
        }
        selection = await selectAgain(doubted);
      }
    }
  } catch (error) {
    if (error instanceof Failure) {
      return error.code;
    }
    throw error;
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
  const { until } = selection;
  const [first] = selection.chains;
  const isWhole =
    until === undefined || chooseDeltas(first, { covered: first.base.lastRevision, until }).missing === undefined;
  // A full that ends later is cut back, here always: no history is compacted.
  const { base, candidates } = isWhole ? first : (selection.later[0] ?? first);
  readable(store, base);
  const { lastRevision: covered } = base;
  const { deltas: used, missing } = chooseDeltas({ base, candidates }, { covered, until });
  if (missing !== undefined) {
    throw failure('backup_gap', base);
  }
  const considered = comparedDeltas(selection, { base, candidates }, used);
  const chain = {
    base,
    covered,
    used,
    candidates: considered,
    until,
    doubts: selection.doubts,
    fallBacks: selection.fallBacks,
    ofHistory: selection.ofHistory,
    fulls: selection.fulls,
    begunBy: selection.history.begunBy,
    unproven: selection.unproven,
  };
  const compare = ({ delta, other, range }: Overlap): Promise<'equal' | 'unknown' | number> => {
    const another = other === 'base' ? base : other;
    const isKnown = store.contents.has(delta.name) && store.contents.has(another.name);
    return Promise.resolve(isKnown ? (firstDifference(store, [delta, another], range) ?? 'equal') : 'unknown');
  };
  const compareFull = (full: StoredSnapshot): Promise<'equal' | 'unknown' | number> => {
    const isKnown = store.contents.has(base.name) && store.contents.has(full.name);
    const range = { from: revision(1), to: base.lastRevision };
    return Promise.resolve(isKnown ? (firstDifference(store, [base, full], range) ?? 'equal') : 'unknown');
  };
  const compareDeltaWith = (full: StoredSnapshot, delta: StoredSnapshot): Promise<'equal' | 'unknown' | number> => {
    const isKnown = store.contents.has(delta.name) && store.contents.has(full.name);
    const range = { from: delta.startRevision, to: full.lastRevision };
    return Promise.resolve(isKnown ? (firstDifference(store, [delta, full], range) ?? 'equal') : 'unknown');
  };
  const compareEnd = (other: StoredSnapshot): Promise<'equal' | 'unknown' | number> =>
    other.kind === 'Full'
      ? compareFull(other)
      : compare({ delta: other, other: 'base', range: { from: other.startRevision, to: base.lastRevision } });
  const isReadable = ({ name }: StoredSnapshot): Promise<boolean> => Promise.resolve(store.contents.has(name));
  const isCompaction = ({ name }: StoredSnapshot): Promise<boolean> => Promise.resolve(store.compactions.has(name));
  const evidence = { compare, compareFull, compareEnd, compareDeltaWith, isReadable, isCompaction };
  if ((await decideFork(chain, evidence)) !== undefined) {
    throw failure('history_fork', base);
  }
  const changes = content(store, base).slice(0, (until ?? covered) - 1);
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
