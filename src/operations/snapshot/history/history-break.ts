import type { Revision } from '../../../revision.ts';
import type { HistoryChange } from '../../../snapshot/history/history-marker.ts';

/** Why the cluster does not continue the history that is in the store. */
export interface HistoryBreak {
  readonly change: HistoryChange;
  /** `it is at revision 3, and 7 was seen before`. */
  readonly found: string;
  /** A revision at which its events are others; left out where that is not known. */
  readonly differsAt?: Revision | undefined;
}

/** A database that was read from the cluster. */
export interface ReadDatabase {
  readonly path: string;
  readonly lastRevision: Revision;
}
