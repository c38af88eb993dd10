import { clusterIdText } from '../../../etcd/cluster-history.ts';
import type { Revision } from '../../../revision.ts';
import { countAre, countText } from '../../../runtime/log/amount.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import type { EventSample } from '../../../snapshot/history/event-sample.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import {
  type HistoryChange,
  type HistoryMarker,
  markerName,
  type StoreMarker,
} from '../../../snapshot/history/history-marker.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import type { HistoryBreak, ReadDatabase } from './history-break.ts';
import { firstDifference } from './samples-in-database.ts';
import { findSharedRevision } from './shared-revision.ts';

/** Where a new history begins. */
export interface NewHistoryPlace {
  readonly store: SnapStore;
  /** For fulls that have to be read. */
  readonly tempDir: string;
  readonly clusterId: bigint;
  /** Writes of the history that was left. */
  readonly samples: readonly EventSample[];
}

/** The last time that a marker's name can hold, seconds since the epoch. */
const LAST_TIME = 999_999_999_999;

/**
 * Marks in the store which objects belong to the history that was left, after `first`, the first full of the new one, was
 * stored from `database`. Without such objects nothing is marked.
 */
export async function markNewHistory(
  place: NewHistoryPlace,
  { change, differsAt }: HistoryBreak,
  { first, database }: { readonly first: StoredSnapshot; readonly database: ReadDatabase },
  context: RunContext,
): Promise<void> {
  const { store, tempDir, clusterId, samples } = place;
  const { signal, log } = context;
  const listing = await store.list({ signal });
  const living = livingIn(listing).filter(({ name }) => name !== first.name);
  const sampledAt = await firstDifference(database.path, samples, context);
  const common = await findSharedRevision(
    { store, snapshots: restorable(living), database, tempDir, differsAt: least(sampledAt, differsAt) },
    context,
  );
  const shared = common.proved;
  const left = living.filter(({ lastRevision }) => lastRevision > shared);
  const inDoubt = left.filter(({ lastRevision }) => lastRevision <= common.possible).length;
  if (left.length === 0) {
    log.warn(
      `A new history begins with ${first.name}; the backup has nothing of the one before after revision ${shared}`,
    );
    return;
  }
  const doubt = inDoubt === 0 ? {} : { mayShare: common.possible };
  const marker = markerOf({ change, shared, ...doubt, first, left, before: listing.markers, clusterId });
  if (store.histories === undefined) {
    log.error(
      `This store takes no history marker: ${countText(left.length, 'object')} of the history before cannot be distinguished from it`,
    );
    return;
  }
  await store.histories.save(marker, { signal });
  log.error(
    { marker: marker.name, why: change, shared, left: left.slice(0, 5).map(({ name }) => name), count: left.length },
    `A NEW HISTORY BEGINS with ${first.name}. It shares ${shared === 0 ? 'nothing that is proved' : `the revisions up to ${shared}`} ` +
      `with the one before, of which ${countAre(left.length, 'object')} left, up to revision ${highest(left)}. ` +
      (inDoubt === 0
        ? ''
        : `Of ${inDoubt} of them, up to revision ${common.possible}, it is not known which history has them. `) +
      `${marker.name} says so; see etcdbrctl list`,
  );
}

function markerOf(facts: {
  readonly change: HistoryChange;
  readonly shared: Revision;
  readonly mayShare?: Revision;
  readonly first: StoredSnapshot;
  readonly left: readonly StoredSnapshot[];
  readonly before: readonly StoreMarker[];
  readonly clusterId: bigint;
}): HistoryMarker {
  const { change: why, shared, mayShare, first, left, before, clusterId } = facts;
  // Objects and markers count as older than this one, also where a clock was set back.
  const times = [...left.map(({ createdOn }) => createdOn), ...before.map(({ begunOn }) => begunOn + 1)];
  const begunOn = times.reduce((most, time) => (time > LAST_TIME ? most : Math.max(most, time)), first.createdOn);
  return {
    name: markerName({ begunOn, shared }),
    begunOn,
    why,
    shared,
    first: first.name,
    clusterId: clusterIdText(clusterId),
    ...(mayShare === undefined ? {} : { mayShare }),
    left: [...new Set(left.map(({ name }) => name))],
  };
}

/** The snapshots of the living history, parts and excluded ones included. */
export function livingIn({ snapshots, markers }: StoreListing): readonly StoredSnapshot[] {
  return historiesOf(snapshots, markers).living.snapshots;
}

function least(one: Revision | undefined, other: Revision | undefined): Revision | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}

function highest(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0);
}
