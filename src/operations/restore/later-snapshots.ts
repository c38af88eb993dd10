import type { Revision } from '../../revision.ts';
import type { History } from '../../snapshot/history/histories.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** What a store still holds beyond the state that was restored. */
export interface LaterSnapshots {
  readonly count: number;
  /** Where the last of them ends. */
  readonly lastRevision: Revision;
}

/** The whole snapshots of a history that reach beyond a revision; undefined when there is none. */
export function laterSnapshots({ snapshots }: History<StoredSnapshot>, revision: Revision): LaterSnapshots | undefined {
  const later = snapshots.filter(
    ({ chunk, excluded, lastRevision }) => chunk === undefined && excluded !== true && lastRevision > revision,
  );
  const last = later.reduce<StoredSnapshot | undefined>(
    (most, each) => (most === undefined || each.lastRevision > most.lastRevision ? each : most),
    undefined,
  );
  return last === undefined ? undefined : { count: later.length, lastRevision: last.lastRevision };
}
