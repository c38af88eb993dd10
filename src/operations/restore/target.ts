import type { Revision } from '../../revision.ts';
import type { EventTime } from '../../snapshot/delta/event-time.ts';

/** Which state of the cluster a restore brings back; an empty target is the newest one. */
export interface RestoreTarget {
  /**
   * Name of a snapshot. A full: that state alone, or with {@link until} the full to begin with. A delta: the state at
   * its end.
   */
  readonly from?: string | undefined;
  /** The last change that is brought back. */
  readonly until?: RestoreLimit | undefined;
  /** Number of the history to restore from; left out for the one that was written last, or that of {@link from}. */
  readonly history?: number | undefined;
}

/** A point in a cluster's history. Both ends are included. */
export type RestoreLimit =
  | { readonly kind: 'revision'; readonly revision: Revision }
  | { readonly kind: 'time'; readonly time: EventTime };
