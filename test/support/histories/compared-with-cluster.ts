import { type Revision, revision } from '../../../src/revision.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import type { LifeState } from './life-state.ts';

/** What a snapshotter finds at its start when it compares what is stored with its cluster. */
export interface Comparison {
  /** The last revision that anything in the living history reaches. */
  readonly reach: number;
  /** The last revision that all of it shares with the cluster; undefined where nothing differs. */
  readonly shared: Revision | undefined;
  /** Whether the newest snapshot differs. */
  readonly isNewestOther: boolean;
}

/** Compares the living history with what the cluster did. */
export function comparedWithCluster(life: LifeState): Comparison {
  const living = historiesOf(life.listing, life.markers).living.snapshots.filter((each) => !life.isForged(each));
  const differing = living.flatMap((each) => differsAt(life, each) ?? []);
  const newest = living.at(-1);
  return {
    reach: living.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 1),
    shared: differing.length === 0 ? undefined : revision(Math.min(...differing) - 1),
    isNewestOther: newest !== undefined && differsAt(life, newest) !== undefined,
  };
}

/** The first revision of which a snapshot tells something else than the cluster did. */
function differsAt(life: LifeState, snapshot: StoredSnapshot): number | undefined {
  const first = Math.max(2, snapshot.startRevision);
  const at = life.contents.get(snapshot.name)?.findIndex((change, index) => life.cluster[first - 2 + index] !== change);
  return at === undefined || at < 0 ? undefined : first + at;
}
