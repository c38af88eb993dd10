/** What is known of every failure with one code. */
export interface FailureCodeFacts {
  /** How the process ends: 1 failed operation, 2 bad usage, 128 and the signal's number when it was interrupted. */
  readonly exitCode: 1 | 2 | '129, 130 or 143';
  /** What was found. */
  readonly meaning: string;
  /** What the reader can do now. */
  readonly remedy: string;
}

/** Facts by code. */
export type FailureCodeTable = Readonly<Record<string, FailureCodeFacts>>;

/** What to do when the store does not hold what was expected. */
export const checkStorePlace = 'check container, --store-prefix and endpoint';

/** What to do when deltas cannot go on. */
export const takeFull = 'take a full snapshot; the snapshotter does so by itself';
