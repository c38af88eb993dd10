import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** The newest full in the store and the deltas that reach beyond it, oldest first. */
export interface StoredChain {
  /** Undefined before the first full. */
  readonly full: StoredSnapshot | undefined;
  readonly deltas: readonly StoredSnapshot[];
}
