import type { Revision } from '../revision.ts';

/** What an object in the store is, as metrics tell them apart. */
export type ObjectKind = 'Full' | 'Incr' | 'Chunk';

/** How something ended. */
export type Outcome = 'succeeded' | 'failed';

/** What a snapshotter tells of itself as it works. Units: seconds, bytes, revisions. */
export interface BackupMetrics {
  /** A snapshot was stored, or could not be. */
  snapshotTaken(result: { readonly kind: 'Full' | 'Incr'; readonly seconds: number; readonly outcome: Outcome }): void;
  /** The newest snapshot of a kind in the store; `createdOn` is in seconds since the epoch. */
  latestSnapshot(latest: {
    readonly kind: 'Full' | 'Incr';
    readonly revision: Revision;
    readonly createdOn: number;
    /** Bytes as stored. */
    readonly size: number;
  }): void;
  /** Whether there are changes that no snapshot of this kind holds yet. */
  snapshotRequired(kind: 'Full' | 'Incr', state: 'required' | 'not required'): void;
  /** Deltas above the newest full, and the revisions in them. */
  chainLength(chain: { readonly deltas: number; readonly revisions: number }): void;
  /** Garbage collection deleted an object, or could not. */
  collected(kind: ObjectKind, outcome: Outcome): void;
  /** The snapshotter ended; `code` is that of a Failure. */
  snapshotterFailed(code: string): void;
  /** Events that wait in a file because the store is slower than the writes. */
  spooled(now: { readonly events: number; readonly bytes: number }): void;
  /** How long the store has refused to work; 0 while it works. */
  storeOutage(seconds: number): void;
  /** A member was defragmented, or could not be. */
  defragmented(result: { readonly endpoint: string; readonly seconds: number; readonly outcome: Outcome }): void;
  /** Another snapshotter was seen writing below the same prefix. */
  otherWriterSeen(): void;
}

/** Tells nobody. */
export const noMetrics: BackupMetrics = {
  snapshotTaken() {},
  latestSnapshot() {},
  snapshotRequired() {},
  chainLength() {},
  collected() {},
  snapshotterFailed() {},
  spooled() {},
  storeOutage() {},
  defragmented() {},
  otherWriterSeen() {},
};
