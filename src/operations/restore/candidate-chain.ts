import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** A full of a store and every delta that may continue it. */
export interface CandidateChain {
  readonly base: StoredSnapshot;
  /** Deltas after the base in chain order; which of them are needed is known once the base has been opened. */
  readonly candidates: readonly StoredSnapshot[];
}
