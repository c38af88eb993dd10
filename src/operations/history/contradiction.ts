import { Damage } from '../../datadir/damage.ts';
import { commonHistory } from '../../datadir/mvcc/common-history.ts';
import { revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { compareWithDatabase } from './compare-with-database.ts';
import { ExpandedFull } from './expanded-full.ts';
import type { ForkedPair } from './fork-failure.ts';
import { firstDifference, revisionDigests } from './revision-digests.ts';

/** Two snapshots that hold the same revisions, of which one is named ahead of the clock. */
export interface DoubtedPair {
  readonly ahead: StoredSnapshot;
  readonly other: StoredSnapshot;
  readonly range: RevisionRange;
}

/**
 * Something that is named ahead of the clock is of another history. `at the end`: nothing that can be believed follows it, and it can be
 * left out. `within`: something does follow, and it is not known which of the two it continues.
 */
export interface Contradiction {
  readonly kind: 'at the end' | 'within';
  readonly pair: ForkedPair;
}

/** How contents are looked into: the first revision that both hold differently; undefined when they do not, or nothing can be compared. */
export type ComparePair = (pair: DoubtedPair) => Promise<number | undefined>;

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 256 * 1024 * 1024;
/** What is named ahead of the clock is mostly of one clock, and so of one history. */
const MOST_PAIRS = 4;

/**
 * Whether what is named ahead of the clock, whose age is not known, says something else than what can be believed: then it is of another
 * history. `snapshots` are those that count as one history. Undefined when it does not, and when nothing can be compared.
 */
export async function findContradiction(
  snapshots: readonly StoredSnapshot[],
  compare: ComparePair,
): Promise<Contradiction | undefined> {
  const pairs = pairsIn(snapshots);
  const isAtEnd = ({ ahead }: DoubtedPair): boolean => ahead.ahead?.before === undefined;
  for (const kind of ['within', 'at the end'] as const) {
    for (const pair of pairs.filter((each) => isAtEnd(each) === (kind === 'at the end')).slice(0, MOST_PAIRS)) {
      const differs = await compare(pair);
      if (differs !== undefined) {
        return { kind, pair: { one: pair.ahead, other: pair.other, revision: differs } };
      }
    }
  }
  return undefined;
}

/**
 * Whether a full that is named ahead of the clock, and deltas or another full that are, say something different: then it is not known
 * which of them belongs to the rest.
 */
export async function findDisagreement(
  full: StoredSnapshot,
  snapshots: readonly StoredSnapshot[],
  compare: ComparePair,
): Promise<ForkedPair | undefined> {
  const others = snapshots.filter(
    (each) => each !== full && each.ahead !== undefined && each.chunk === undefined && !isTooSmall(each),
  );
  const deltas = others.filter(({ kind }) => kind === 'Incr').slice(-MOST_PAIRS);
  const before = others.filter(({ kind, size }) => kind === 'Full' && size <= LARGEST_FULL).slice(-1);
  for (const other of full.size > LARGEST_FULL ? [] : [...deltas.toReversed(), ...before]) {
    const range = sharedRange(full, other);
    const differs = range === undefined ? undefined : await compare({ ahead: full, other, range });
    if (differs !== undefined) {
      return { one: other, other: full, revision: differs };
    }
  }
  return undefined;
}

/** The newest first: where histories part, they differ from there on. */
function pairsIn(snapshots: readonly StoredSnapshot[]): readonly DoubtedPair[] {
  const credible = restorable(snapshots).filter((each) => each.ahead === undefined && !isTooSmall(each));
  return snapshots
    .filter((each) => each.ahead !== undefined && each.chunk === undefined && !isTooSmall(each))
    .toReversed()
    .flatMap((ahead) => {
      const shared = credible.flatMap((other) => {
        const range = sharedRange(ahead, other);
        return range === undefined ? [] : [{ ahead, other, range }];
      });
      const last = (kind: StoredSnapshot['kind']): readonly DoubtedPair[] =>
        shared.filter(({ other }) => other.kind === kind && other.size <= LARGEST_FULL).slice(-1);
      return ahead.size > LARGEST_FULL ? [] : [...last('Incr'), ...last('Full')];
    });
}

function sharedRange(one: StoredSnapshot, other: StoredSnapshot): RevisionRange | undefined {
  const from = Math.max(one.startRevision, other.startRevision, 1);
  const to = Math.min(one.lastRevision, other.lastRevision);
  return from > to ? undefined : { from: revision(from), to: revision(to) };
}

/** Compares what the store holds. What is damaged proves nothing. Throws what the store and the temporary file throw. */
export function comparingContents(
  { store, tempDir }: { readonly store: SnapStore; readonly tempDir: string },
  context: RunContext,
): ComparePair {
  return async ({ ahead, other, range }) => {
    const deltas = [ahead, other].filter(({ kind }) => kind === 'Incr');
    const fulls = [ahead, other].filter(({ kind }) => kind === 'Full');
    try {
      const [delta, second] = deltas;
      const [full, secondFull] = fulls;
      if (delta !== undefined && second !== undefined) {
        const digests = [
          await revisionDigests({ store, delta }, context),
          await revisionDigests({ store, delta: second }, context),
        ] as const;
        return firstDifference(...digests, range);
      }
      if (full === undefined) {
        return undefined;
      }
      await using expanded = new ExpandedFull({ store, full, tempDir });
      const database = await expanded.open(context);
      if (delta !== undefined) {
        const compared = await compareWithDatabase({ store, delta, database, range }, context);
        return compared.outcome === 'different' ? compared.revision : undefined;
      }
      if (secondFull === undefined) {
        return undefined;
      }
      await using another = new ExpandedFull({ store, full: secondFull, tempDir });
      return (await commonHistory(database, await another.open(context), context)).differs;
    } catch (error) {
      if (error instanceof SnapshotDamage || error instanceof Damage) {
        return undefined;
      }
      throw error;
    }
  };
}
