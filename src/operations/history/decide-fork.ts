import { revision } from '../../revision.ts';
import { type AheadEndingAlike, aheadEndingAlike } from '../../snapshot/history/ahead-ending-alike.ts';
import { type EndingAlike, endingAlike } from '../../snapshot/history/ending-alike.ts';
import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';
import type { UnprovenContinuation } from '../../snapshot/history/unproven-continuation.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { type CrossedDoubt, crossedDoubt } from './crossed-doubt.ts';
import type { ForkedPair } from './fork-failure.ts';
import { forkSides } from './fork-sides.ts';
import { joinedAcross } from './joined-across.ts';
import { type ChainOfHistory, leadingOn } from './leading-on.ts';
import { type Overlap, type OverlappingChain, overlapsOf } from './overlaps.ts';

/** What a check found against a chain. */
export type ForkFinding =
  | { readonly kind: 'different'; readonly pair: ForkedPair }
  | { readonly kind: 'doubt'; readonly fork: SuspectedFork<StoredSnapshot> }
  | { readonly kind: 'unproven'; readonly crossed: CrossedDoubt };

/** So many deltas with which nothing can be compared are looked at; more would show nothing more. */
const MOST_COMPARED = 5;

/** A chain, and what names and ages say against it. */
export interface DoubtedChain extends OverlappingChain, ChainOfHistory {
  readonly doubts: readonly SuspectedFork<StoredSnapshot>[];
  /** What markers say of fulls that nothing proved to continue what was before them. */
  readonly unproven: readonly UnprovenContinuation[];
}

/** How contents are looked into. */
export interface ForkEvidence {
  /** `equal`, the first revision that differs, or `unknown` when one of the two cannot be read. */
  compare(overlap: Overlap): Promise<'equal' | 'unknown' | number>;
  /** The same of another full and the base. */
  compareFull(full: StoredSnapshot): Promise<'equal' | 'unknown' | number>;
  /** The same of the base and what holds its last revision, and is not needed: `unknown` also where the store does not give that. */
  compareEnd(other: StoredSnapshot): Promise<'equal' | 'unknown' | number>;
  /** The same of another full and a delta. */
  compareDeltaWith(full: StoredSnapshot, delta: StoredSnapshot): Promise<'equal' | 'unknown' | number>;
  /** Whether a delta can be read to its end. */
  isReadable(delta: StoredSnapshot): Promise<boolean>;
  /** Whether a full is the work of a compaction, which takes older snapshots for its source. */
  isCompaction(full: StoredSnapshot): Promise<boolean>;
}

/**
 * Decides whether a chain is of one history. Looks into nothing when nothing overlaps, nothing is in doubt, and nothing ends where the base
 * does. Undefined when it is.
 */
export async function decideFork(chain: DoubtedChain, evidence: ForkEvidence): Promise<ForkFinding | undefined> {
  const agreeing: Overlap[] = [];
  for (const overlap of overlapsOf(chain)) {
    const outcome = await evidence.compare(overlap);
    if (typeof outcome === 'number') {
      const other = overlap.other === 'base' ? chain.base : overlap.other;
      const sides = forkSides([overlap.delta, other], chain);
      return { kind: 'different', pair: { one: overlap.delta, other, revision: outcome, sides } };
    }
    if (outcome === 'equal') {
      agreeing.push(overlap);
    }
  }
  const crossed = crossedDoubt(chain, chain.unproven, agreeing);
  if (crossed !== undefined && (await counts(crossed.after, evidence))) {
    return { kind: 'unproven', crossed };
  }
  for (const fork of chain.doubts.filter((each) => concerns(each, chain))) {
    const finding = await settle({ fork, chain, agreeing }, evidence);
    if (finding !== undefined) {
      return finding;
    }
  }
  const joined = await joinedAcross(chain, evidence);
  if (joined !== undefined) {
    return { kind: 'different', pair: joined };
  }
  const leading = await leadingOn(chain, evidence);
  for (const { other, fullOf } of [...endingWithBase(chain), ...leading]) {
    const { base, used } = chain;
    const [next] = used;
    const outcome = await evidence.compareEnd(other);
    if (typeof outcome === 'number' && (next === undefined || (await counts(next, evidence)))) {
      const from = fullOf === undefined ? [base] : [base, fullOf];
      const followed = { from, upTo: (used.at(-1) ?? base).lastRevision };
      return { kind: 'different', pair: { one: other, other: base, revision: outcome, followed } };
    }
  }
  for (const ahead of aheadEndingAlike(chain, chain.ofHistory)) {
    const outcome = await compareAlike(ahead, chain, evidence);
    if (typeof outcome === 'number' && (await counts(ahead.next, evidence))) {
      const { base, used } = chain;
      const from = ahead.fullOf === undefined || ahead.fullOf === base ? [base] : [base, ahead.fullOf];
      const followed = { from, upTo: (used.at(-1) ?? base).lastRevision };
      return { kind: 'different', pair: { one: ahead.other, other: ahead.used, revision: outcome, followed } };
    }
  }
  return undefined;
}

/** One that is named ahead of the clock and cannot be read is left out. */
async function counts(delta: StoredSnapshot, evidence: ForkEvidence): Promise<boolean> {
  return delta.ahead === undefined || (await evidence.isReadable(delta));
}

async function compareAlike(
  { used, other }: AheadEndingAlike<StoredSnapshot>,
  { base }: DoubtedChain,
  evidence: ForkEvidence,
): Promise<'equal' | 'unknown' | number> {
  if (other.kind === 'Full') {
    return await (used === base ? evidence.compareFull(other) : evidence.compareDeltaWith(other, used));
  }
  const from = revision(Math.max(other.startRevision, used.startRevision));
  const range = { from, to: used.lastRevision };
  return await evidence.compare({ delta: other, other: used === base ? 'base' : used, range });
}

/** Whether a chain uses what may belong to the history that was left. */
export function concerns(
  { full, before }: SuspectedFork<StoredSnapshot>,
  { base, used, until }: Pick<OverlappingChain, 'base' | 'used' | 'until'>,
): boolean {
  const isUsed = new Set([base, ...used]);
  return (until === undefined || until > full.lastRevision) && before.some((each) => isUsed.has(each));
}

/** What the deltas may go on from instead of the base. Deltas first: they are read sooner. */
function endingWithBase({ base, until, fallBacks }: DoubtedChain): readonly EndingAlike<StoredSnapshot>[] {
  if (until !== undefined && until < base.lastRevision) {
    return [];
  }
  return endingAlike(base, fallBacks).toSorted(
    (a, b) => Number(a.other.kind === 'Full') - Number(b.other.kind === 'Full'),
  );
}

async function settle(
  work: {
    readonly fork: SuspectedFork<StoredSnapshot>;
    readonly chain: DoubtedChain;
    readonly agreeing: readonly Overlap[];
  },
  evidence: ForkEvidence,
): Promise<ForkFinding | undefined> {
  const { fork, chain, agreeing } = work;
  const { full, before, after } = fork;
  const [older, younger] = [new Set<unknown>(before), new Set<unknown>(after)];
  const isProof = ({ delta, other, range }: Overlap): boolean =>
    range.to > full.lastRevision &&
    ((older.has(delta) && younger.has(other)) || (younger.has(delta) && older.has(other)));
  if (agreeing.some(isProof)) {
    return undefined;
  }
  // An older delta may still hold what a compaction has removed from the base.
  for (const delta of older.has(chain.base) ? after.toReversed().slice(0, MOST_COMPARED) : []) {
    const from = Math.max(delta.startRevision, full.lastRevision + 1);
    const to = Math.min(delta.lastRevision, chain.covered);
    const range = { from: revision(from), to: revision(to) };
    const outcome = from > to ? 'unknown' : await evidence.compare({ delta, other: 'base', range });
    if (typeof outcome === 'number') {
      const sides = forkSides([delta, chain.base], chain);
      return { kind: 'different', pair: { one: delta, other: chain.base, revision: outcome, sides } };
    }
    if (outcome === 'equal') {
      return undefined;
    }
  }
  return (await evidence.isCompaction(full)) ? undefined : { kind: 'doubt', fork };
}
