import type { ProofLevel } from '../../snapshot/proof-name.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** How much is proved; each level includes those before it. */
export type VerifyLevel = ProofLevel;

/** What to verify. */
export interface VerifyRequest {
  readonly store: SnapStore;
  readonly level: VerifyLevel;
  /** Number of the history that has to be restorable; left out for the one that was written last. */
  readonly history?: number | undefined;
  /** So many snapshots besides those of the newest chain are read, chosen at random; undefined for all. */
  readonly sample: number | undefined;
  /** Where scratch files go; made when missing. */
  readonly tempDir: string;
  /** Deltas read at once. */
  readonly maxFetchers: number;
}
