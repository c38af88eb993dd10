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
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { withdrawAnnouncement } from '../../history/withdraw-announcement.ts';
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

/** The first full of a new history, and what it was read from. */
export interface FirstFull {
  readonly first: Pick<Snapshot, 'name' | 'createdOn'>;
  readonly database: ReadDatabase;
}

/** The last time that a marker's name can hold, seconds since the epoch. */
const LAST_TIME = 999_999_999_999;

/**
 * Announces in the store which objects belong to the history that is left, before `first`, the first full of the new one, becomes visible from
 * `database`: else whoever reads the store between the full and the marker would find two histories that nothing separates. Returns the
 * marker; undefined where there are no such objects, and where the store takes no markers. Throws a StoreError.
 */
export async function announceNewHistory(
  place: NewHistoryPlace,
  broken: HistoryBreak,
  begun: FirstFull,
  context: RunContext,
): Promise<HistoryMarker | undefined> {
  const { signal } = context;
  const { histories } = place.store;
  if (histories === undefined) {
    return undefined;
  }
  const { marker } = await compareHistories(place, broken, begun, context);
  if (marker !== undefined) {
    await histories.announce(marker, { signal });
  }
  return marker;
}

/**
 * Marks in the store which objects belong to the history that was left, after the first full of the new one was stored. Without such objects
 * nothing is marked. What was `announced` is not compared again.
 */
export async function markNewHistory(
  place: NewHistoryPlace,
  broken: HistoryBreak,
  begun: FirstFull & { readonly announced: HistoryMarker | undefined },
  context: RunContext,
): Promise<void> {
  const { histories } = place.store;
  const { signal, log } = context;
  const { first, announced } = begun;
  const { marker, shared, left } =
    announced === undefined
      ? await compareHistories(place, broken, begun, context)
      : await announcedNow(place, announced, context);
  if (marker === undefined) {
    log.warn(
      `A new history begins with ${first.name}; the backup has nothing of the one before after revision ${shared}`,
    );
    return;
  }
  if (histories === undefined) {
    log.error(
      `This store takes no history marker: ${countText(left.length, 'object')} of the history before cannot be distinguished from it`,
    );
    return;
  }
  await histories.save(marker, { signal });
  if (announced !== undefined) {
    await withdrawAnnouncement(histories, announced, context);
  }
  const { mayShare = shared } = marker;
  const inDoubt = left.filter(({ lastRevision }) => lastRevision <= mayShare).length;
  log.error(
    {
      marker: marker.name,
      why: marker.why,
      shared,
      left: left.slice(0, 5).map(({ name }) => name),
      count: left.length,
    },
    `A NEW HISTORY BEGINS with ${first.name}. It shares ${shared === 0 ? 'nothing that is proved' : `the revisions up to ${shared}`} ` +
      `with the one before, of which ${countAre(left.length, 'object')} left, up to revision ${highest(left)}. ` +
      (inDoubt === 0
        ? ''
        : `Of ${inDoubt} of them, up to revision ${mayShare}, it is not known which history has them. `) +
      `${marker.name} says so; see etcdbrctl list`,
  );
}

/** What separates two histories in a store. */
interface Separation {
  /** Undefined where nothing is left. */
  readonly marker: HistoryMarker | undefined;
  readonly shared: Revision;
  readonly left: readonly StoredSnapshot[];
}

async function compareHistories(
  { store, tempDir, clusterId, samples }: NewHistoryPlace,
  { change, differsAt }: HistoryBreak,
  { first, database }: FirstFull,
  context: RunContext,
): Promise<Separation> {
  const listing = await store.list({ signal: context.signal });
  const living = livingIn(listing).filter(({ name }) => name !== first.name);
  const sampledAt = await firstDifference(database.path, samples, context);
  const common = await findSharedRevision(
    { store, snapshots: restorable(living), database, tempDir, differsAt: least(sampledAt, differsAt) },
    context,
  );
  const shared = common.proved;
  const left = living.filter(({ lastRevision }) => lastRevision > shared);
  const isDoubtful = left.some(({ lastRevision }) => lastRevision <= common.possible);
  const doubt = isDoubtful ? { mayShare: common.possible } : {};
  const facts = { change, shared, ...doubt, first, left, before: listing.markers, clusterId };
  return { marker: left.length === 0 ? undefined : markerOf(facts), shared, left };
}

/** What was announced, and what another writer has stored of the history that was left since. */
async function announcedNow(
  { store }: NewHistoryPlace,
  announced: HistoryMarker,
  { signal }: RunContext,
): Promise<Separation> {
  const listing = await store.list({ signal });
  const { shared, first } = announced;
  const named = new Set(announced.left);
  const living = new Set(livingIn(listing).map(({ name }) => name));
  const left = listing.snapshots.filter(
    ({ name, lastRevision }) => named.has(name) || (living.has(name) && name !== first && lastRevision > shared),
  );
  const begunOn = timeAfter(left, announced.begunOn);
  const names = [...new Set([...announced.left, ...left.map(({ name }) => name)])];
  return { marker: { ...announced, name: markerName({ begunOn, shared }), begunOn, left: names }, shared, left };
}

function markerOf(facts: {
  readonly change: HistoryChange;
  readonly shared: Revision;
  readonly mayShare?: Revision;
  readonly first: FirstFull['first'];
  readonly left: readonly StoredSnapshot[];
  readonly before: readonly StoreMarker[];
  readonly clusterId: bigint;
}): HistoryMarker {
  const { change: why, shared, mayShare, first, left, before, clusterId } = facts;
  const begunOn = before.reduce((most, marker) => laterOf(most, marker.begunOn + 1), timeAfter(left, first.createdOn));
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

/** Objects, as markers, count as older than a marker that leaves them, also where a clock was set back. */
function timeAfter(left: readonly Pick<Snapshot, 'createdOn'>[], begunOn: number): number {
  return left.reduce((most, { createdOn }) => laterOf(most, createdOn), begunOn);
}

function laterOf(time: number, other: number): number {
  return other > LAST_TIME ? time : Math.max(time, other);
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
