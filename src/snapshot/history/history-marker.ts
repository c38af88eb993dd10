import { type Revision, revision } from '../../revision.ts';
import { limits } from '../../runtime/limits.ts';
import { LAST_TIME, parseRelativeKey } from '../name.ts';

/** Why a cluster's backups do not continue those before. */
export type HistoryChange =
  /** The cluster was put back to an older state: it counts revisions again that were stored before. */
  | 'rolled_back'
  /** Another cluster writes below the prefix: it shares nothing with what is stored. */
  | 'other_cluster'
  /** What etcd says of the last stored revision is not what was stored. */
  | 'different_events'
  /** Nothing is left that could prove that the history is the same: the stored revision is compacted or unreadable. */
  | 'unproven';

/** Says from where on a store holds another history. Announced before the first full of that history, and written for good after it. */
export interface HistoryMarker {
  /** `History-<unix seconds>-<shared revision %08d>.json`, a name that readers of snapshots do not know. */
  readonly name: string;
  /** When the new history began, whole seconds since the Unix epoch. */
  readonly begunOn: number;
  readonly why: HistoryChange;
  /** Last revision that both histories have in common, as far as it was proved; 0 for none. */
  readonly shared: Revision;
  /**
   * Up to here they may have more in common: nothing proved that they part before. Left out where it is known, and in markers of
   * versions that did not say.
   */
  readonly mayShare?: Revision;
  /** Name of the new history's first full. */
  readonly first: string;
  /** Cluster id of the new history, hexadecimal as etcd writes it. */
  readonly clusterId: string;
  /** Names of the objects above the shared revision that were in the store: they belong to the history that was left. */
  readonly left: readonly string[];
}

/**
 * Says that a clock was slow: `first`, and what its history holds after it, was stored after some fulls, whatever the times in the names
 * say, and continues them. It begins no history.
 */
export interface OrderMarker {
  /** As that of a {@link HistoryMarker}, so that readers of snapshots ignore it in the same way. */
  readonly name: string;
  /** When `first` was taken, as its name says, or later where that name is taken; whole seconds since the Unix epoch. */
  readonly begunOn: number;
  readonly why: 'clock_behind';
  /** The last revision of `first`. */
  readonly shared: Revision;
  /** Name of the snapshot that was stored last then. */
  readonly first: string;
  readonly clusterId: string;
  readonly left: readonly string[];
  /** Names of the fulls that were there before it, though their names say a later time. */
  readonly after: readonly string[];
}

/**
 * Says that nothing proved that a cluster continues all that was stored before a full of it was taken: a compaction had removed what could.
 * What is in doubt then stays as long as what is known to be left. It begins no history.
 */
export interface DoubtMarker {
  /** As that of a {@link HistoryMarker}. */
  readonly name: string;
  /** When the full was taken, as its name says, or later where that name is taken; whole seconds since the Unix epoch. */
  readonly begunOn: number;
  readonly why: 'continuation_unproven';
  /** Up to this revision it was proved; 0 for none. */
  readonly shared: Revision;
  /** The revision that the full reaches. */
  readonly upTo: Revision;
  /** Name of the first snapshot that is in doubt. */
  readonly first: string;
  readonly clusterId: string;
  readonly left: readonly string[];
}

/** What a marker in a store can be. */
export type StoreMarker = HistoryMarker | OrderMarker | DoubtMarker;

/** Bytes; names of 100,000 objects fit. */
export const MARKER_SIZE_LIMIT: number = limits.historyMarker.most;

/** What every marker's name begins with, and no snapshot's. */
export const MARKER_PREFIX = 'History-';

const NAME = /^History-(\d{1,12})-(\d{8,16})\.json$/;
/** The number that every marker has as its format. */
export const MARKER_FORMAT = 1;

/** The numbers of a marker's name; undefined for any other name. */
export function parseMarkerName(name: string): { readonly begunOn: number; readonly shared: Revision } | undefined {
  const match = NAME.exec(name);
  const shared = Number(match?.[2]);
  const begunOn = Number(match?.[1]);
  return Number.isSafeInteger(shared) && begunOn <= LAST_TIME ? { begunOn, shared: revision(shared) } : undefined;
}

/** The name that a marker has for good. */
export function markerName({ begunOn, shared }: Pick<HistoryMarker, 'begunOn' | 'shared'>): string {
  return `History-${begunOn}-${String(shared).padStart(8, '0')}.json`;
}

/** The first time from `begunOn` on with which a marker takes the place of none that is stored, whole seconds since the epoch. */
export function freeTime(
  { begunOn, shared }: Pick<StoreMarker, 'begunOn' | 'shared'>,
  stored: readonly Pick<StoreMarker, 'name'>[],
): number {
  const taken = new Set(stored.map(({ name }) => name));
  let time = begunOn;
  while (taken.has(markerName({ begunOn: time, shared }))) {
    time += 1;
  }
  return time;
}

/**
 * When the history of a marker began, whole seconds since the epoch: when its first full was taken. The marker's name may name a later
 * time, where what was left is named ahead of the clock.
 */
export function beganOn({ begunOn, first }: Pick<HistoryMarker, 'begunOn' | 'first'>): number {
  const parsed = parseRelativeKey(`v2/${first}`);
  return parsed.outcome === 'snapshot' ? Math.min(begunOn, parsed.snapshot.createdOn) : begunOn;
}

/** Whether a marker begins a history. */
export function beginsHistory(marker: StoreMarker): marker is HistoryMarker {
  return marker.why !== 'clock_behind' && marker.why !== 'continuation_unproven';
}

/** A marker as its object's bytes: JSON with a format number. */
export function encodeMarker(marker: StoreMarker): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: MARKER_FORMAT, ...contentsOf(marker) })}\n`);
}

function contentsOf(marker: StoreMarker): object {
  const { why, clusterId } = marker;
  switch (why) {
    case 'continuation_unproven':
      return { why, first: marker.first, clusterId, upTo: marker.upTo };
    case 'clock_behind':
      return { why, first: marker.first, clusterId, left: marker.left, after: marker.after };
    default:
      return { why, first: marker.first, clusterId, mayShare: marker.mayShare, left: marker.left };
  }
}
