import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { CandidateChain } from './candidate-chain.ts';
import type { Selection } from './select-chain.ts';

/**
 * The deltas that have to be of one history with those that are used: all that could stand in their place. Where a delta was named, that
 * is a choice: then only that one, for which another may stand in, and what ends where the base does, from which it may go on instead. A
 * full that is named says nothing of the deltas that follow it.
 */
export function comparedDeltas(
  { named, until }: Pick<Selection, 'named' | 'until'>,
  { base, candidates }: CandidateChain,
  used: readonly StoredSnapshot[],
): readonly StoredSnapshot[] {
  if (named === undefined || (named.kind === 'Full' && until !== undefined)) {
    return candidates;
  }
  const isUsed = new Set(used);
  return candidates.filter(
    (each) => isUsed.has(each) || each.key === named.key || each.lastRevision === base.lastRevision,
  );
}
