import { restorable } from '../../snapshot/chain.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { ForkedPair } from './fork-failure.ts';
import type { ChainOfHistory } from './leading-on.ts';

/** Larger fulls are not read for the comparison, bytes. */
const LARGEST_FULL = 256 * 1024 * 1024;
/** More fulls inside one delta say nothing more. */
const MOST_COMPARED = 3;

type Outcome = 'equal' | 'unknown' | number;

/** How contents are looked into. */
export interface FullEvidence {
  /** Another full and the base. */
  compareFull(full: StoredSnapshot): Promise<Outcome>;
  /** Another full and a delta. */
  compareDeltaWith(full: StoredSnapshot, delta: StoredSnapshot): Promise<Outcome>;
}

/**
 * Finds a delta of which another full holds the beginning alike, while that full tells something else than what the delta would continue:
 * the delta is of the history of the full. Only deltas that a full ends within are looked into: those of a second writer, as one that is
 * alone begins anew after each full.
 */
export async function joinedAcross(
  { base, used, fulls: all }: Pick<ChainOfHistory, 'base' | 'used' | 'fulls'>,
  { compareFull, compareDeltaWith }: FullEvidence,
): Promise<ForkedPair | undefined> {
  const fulls = restorable(all).filter(
    (each) => each.kind === 'Full' && each !== base && !isTooSmall(each) && each.size <= LARGEST_FULL,
  );
  for (const [at, after] of used.entries()) {
    const before = used[at - 1] ?? base;
    const from = Math.max(after.startRevision, before.lastRevision + 1);
    const inside = fulls.filter(({ lastRevision }) => lastRevision >= from && lastRevision < after.lastRevision);
    for (const full of inside.slice(-MOST_COMPARED)) {
      const differs = await (before === base ? compareFull(full) : compareDeltaWith(full, before));
      if (typeof differs === 'number' && (await compareDeltaWith(full, after)) === 'equal') {
        return { one: full, other: before, revision: differs };
      }
    }
  }
  return undefined;
}
