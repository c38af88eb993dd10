import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { CandidateChain } from './candidate-chain.ts';
import type { Selection } from './select-chain.ts';

/**
 * The deltas that have to be of one history with those that are used: all that could stand in their place. Where a snapshot was named, that
 * is a choice: then only that snapshot, for which another may stand in, and what ends where the base does, from which it may go on instead.
 */
export function comparedDeltas(
  { named }: Pick<Selection, 'named'>,
  { base, candidates }: CandidateChain,
  used: readonly StoredSnapshot[],
): readonly StoredSnapshot[] {
  if (named === undefined) {
    return candidates;
  }
  const isUsed = new Set(used);
  return candidates.filter(
    (each) => isUsed.has(each) || each.key === named.key || each.lastRevision === base.lastRevision,
  );
}
