import type { RunContext } from '../../runtime/run-context.ts';
import { beginsHistory, type StoreMarker } from '../../snapshot/history/history-marker.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapStore, StoreListing } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { withdrawAnnouncement } from '../history/withdraw-announcement.ts';

/** The name of the copy of a snapshot: never final, and that of an encrypted one where all are encrypted on the way. */
function copiedName(name: string, isEncrypted: boolean): string {
  const plain = name.replace(/\.final$/, '');
  return isEncrypted && !plain.endsWith('.age') ? `${plain}.age` : plain;
}

/**
 * The markers that the target needs, by the names of its objects. Without them, what was copied before a history was left would count as a
 * part of the living one, also where the source deleted it before the history was left.
 */
export function missingMarkers(listings: {
  readonly source: readonly StoreMarker[];
  readonly target: readonly StoreMarker[];
  /** What the target holds. */
  readonly held: readonly Snapshot[];
  /** Of the source's living history. */
  readonly living: readonly Snapshot[];
  /** Whether all objects are encrypted on the way. */
  readonly isEncrypted?: boolean;
}): readonly StoreMarker[] {
  const copied = (name: string): string => copiedName(name, listings.isEncrypted === true);
  const there = new Set(listings.target.map(({ name }) => name));
  const living = new Set(listings.living.map(({ name }) => copied(name)));
  return listings.source
    .filter(({ name }) => !there.has(name))
    .map((marker) => {
      const first = copied(marker.first);
      if (marker.why === 'continuation_unproven') {
        return { ...marker, first };
      }
      if (!beginsHistory(marker)) {
        return { ...marker, first, after: marker.after.map(copied) };
      }
      const isOlder = ({ name, createdOn, lastRevision }: Snapshot): boolean =>
        createdOn <= marker.begunOn && lastRevision > marker.shared && name !== first && !living.has(name);
      const named = marker.left.map(copied);
      return {
        ...marker,
        first,
        left: [...new Set([...named, ...listings.held.filter(isOlder).map(({ name }) => name)])],
      };
    });
}

/** The markers that a store holds for good, without those that an announcement stands in for. */
export function storedMarkers({
  markers,
  announcements = [],
}: Pick<StoreListing, 'markers' | 'announcements'>): readonly StoreMarker[] {
  const announced = new Set(announcements.flatMap(({ marker, state }) => (state === 'begun' ? marker.name : [])));
  return markers.filter(({ name }) => !announced.has(name));
}

/**
 * Announces markers in a store, before the first fulls of their histories are copied there: else a restore from it would find two histories
 * that nothing separates until all is copied. Throws a StoreError where the store is out of order.
 */
export async function announceMarkers(
  markers: readonly StoreMarker[],
  { histories }: Pick<SnapStore, 'histories'>,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  for (const marker of markers.filter(beginsHistory)) {
    try {
      await histories?.announce(marker, { signal });
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind === 'transient') {
        throw error;
      }
      log.debug({ error, marker: marker.name }, `${marker.name} cannot be announced: ${error.message}`);
    }
  }
}

/** Saves markers in a store, after the snapshots that they begin with. Throws a StoreError. */
export async function copyMarkers(
  markers: readonly StoreMarker[],
  target: SnapStore,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  for (const marker of markers) {
    await target.histories?.save(marker, { signal });
    if (target.histories !== undefined && beginsHistory(marker)) {
      await withdrawAnnouncement(target.histories, marker, { signal, log });
    }
    log.info({ marker: marker.name }, `Copied the history marker ${marker.name}`);
  }
}
