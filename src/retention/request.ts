import type { Announcement } from '../snapshot/history/announcement.ts';
import type { StoreMarker } from '../snapshot/history/history-marker.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { FullEvidence } from './trust.ts';

/** Which fulls are kept. */
export type RetentionPolicy =
  | { readonly kind: 'LimitBased'; readonly maxBackups: number }
  | { readonly kind: 'Exponential' };

/** A listing entry with all that retention depends on. */
export type Retainable = Snapshot & {
  /** Bytes as stored; undefined when it is not known. */
  readonly size?: number;
  /** Until then the store refuses to delete it, ms since the epoch. */
  readonly immutableUntil?: number;
  readonly excluded?: boolean;
  /** Of a part: when it was written, ms since the epoch. The name of a copy says when its original was created. */
  readonly writtenAt?: number;
};

/** The snapshots to decide about, and the rules. */
export interface RetentionRequest<T> {
  /** All snapshots of the store, with chunks and excluded ones, in any order. */
  readonly listing: readonly T[];
  /** The markers that separate the histories in the store. */
  readonly markers: readonly StoreMarker[];
  /** Markers that were stored ahead of the first full of their history. */
  readonly announcements?: readonly Announcement[] | undefined;
  readonly policy: RetentionPolicy;
  /** Deltas of older chains are deleted from this age on, ms. */
  readonly deltaRetentionMs: number;
  /** Every moment of the last so many ms can be restored; left out: the other rules alone decide. */
  readonly pointInTimeWindowMs?: number | undefined;
  /** What belongs to a history that was left is deleted so long after it was left, ms. */
  readonly leftHistoryMs: number;
  /** What is known about the fulls. */
  readonly evidence: FullEvidence;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
  /** The store's trait of this name. */
  readonly partsAreData: boolean;
}
