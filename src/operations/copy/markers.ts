import type { RunContext } from '../../runtime/run-context.ts';
import type { HistoryMarker } from '../../snapshot/history/history-marker.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** Names lose this where a copy is made. */
const FINAL = /\.final$/;

/**
 * The markers that the target needs, by the names that its objects have: what it has copied before a history was left would be
 * taken for a part of the living one. That is also what the source had deleted before it was left, and the target still has.
 */
export function missingMarkers(listings: {
  readonly source: readonly HistoryMarker[];
  readonly target: readonly HistoryMarker[];
  /** What the target holds. */
  readonly held: readonly Snapshot[];
  /** Of the source's living history. */
  readonly living: readonly Snapshot[];
}): readonly HistoryMarker[] {
  const there = new Set(listings.target.map(({ name }) => name));
  const living = new Set(listings.living.map(({ name }) => name.replace(FINAL, '')));
  return listings.source
    .filter(({ name }) => !there.has(name))
    .map((marker) => {
      const first = marker.first.replace(FINAL, '');
      const isOlder = ({ name, createdOn, lastRevision }: Snapshot): boolean =>
        createdOn <= marker.begunOn && lastRevision > marker.shared && name !== first && !living.has(name);
      const named = marker.left.map((name) => name.replace(FINAL, ''));
      return {
        ...marker,
        first,
        left: [...new Set([...named, ...listings.held.filter(isOlder).map(({ name }) => name)])],
      };
    });
}

/** Saves markers in a store, after the snapshots that they begin with. Throws a StoreError. */
export async function copyMarkers(
  markers: readonly HistoryMarker[],
  target: SnapStore,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  for (const marker of markers) {
    await target.histories?.save(marker, { signal });
    log.info({ marker: marker.name }, `Copied the history marker ${marker.name}`);
  }
}
