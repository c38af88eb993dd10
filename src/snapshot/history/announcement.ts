import type { Snapshot } from '../snapshot.ts';
import { beginsHistory, type HistoryMarker, parseMarkerName, type StoreMarker } from './history-marker.ts';

/**
 * A marker that was stored before the first full of its history, so that the full and the marker appear at once: it counts from the moment
 * on at which the full is there. One whose full never came says nothing.
 */
export interface Announcement {
  readonly marker: HistoryMarker;
  readonly state: AnnouncementState;
}

/** What became of what was announced. */
export type AnnouncementState =
  /** The first full is not there. */
  | 'awaited'
  /** The first full is there, and its marker is not stored yet: the announcement stands in for it. */
  | 'begun'
  /** The marker is stored. */
  | 'confirmed';

/** The end of an announcement's name, in place of that of a marker: no version that does not know announcements takes it for one. */
const END = '.announced.json';

/** The name of the announcement of a marker. */
export function announcementName({ name }: Pick<HistoryMarker, 'name'>): string {
  return name.replace(/\.json$/, END);
}

/** The name of the marker that an announcement is of; undefined for any other name. */
export function announcedName(name: string): string | undefined {
  const marker = name.endsWith(END) ? `${name.slice(0, -END.length)}.json` : '';
  return parseMarkerName(marker) === undefined ? undefined : marker;
}

/** Whether a name is that of a marker or of the announcement of one. */
export function isMarkerName(name: string): boolean {
  return parseMarkerName(name) !== undefined || announcedName(name) !== undefined;
}

/** What was announced, as it is with these snapshots and markers in the store. */
export function announcementsIn(
  announced: readonly HistoryMarker[],
  stored: { readonly snapshots: readonly Snapshot[]; readonly markers: readonly StoreMarker[] },
): readonly Announcement[] {
  const whole = new Set(stored.snapshots.flatMap(({ name, chunk }) => (chunk === undefined ? name : [])));
  const confirmed = new Set(stored.markers.filter(beginsHistory).map(({ first }) => first));
  return announced.map((marker) => {
    const state = confirmed.has(marker.first) ? 'confirmed' : whole.has(marker.first) ? 'begun' : 'awaited';
    return { marker, state };
  });
}

/** The markers that count: those that are stored, and those that stand in for one. */
export function markersInForce(
  markers: readonly StoreMarker[],
  announcements: readonly Announcement[],
): readonly StoreMarker[] {
  const begun = announcements.flatMap(({ marker, state }) => (state === 'begun' ? marker : []));
  return begun.length === 0 ? markers : [...markers, ...begun];
}
