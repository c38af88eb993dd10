import type { RunContext } from '../../runtime/run-context.ts';
import type { HistoryMarker } from '../../snapshot/history/history-marker.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** Names lose this where a copy is made. */
const FINAL = /\.final$/;

/**
 * The markers that the target needs, by the names that its objects have: what it has copied before a history was left would be
 * taken for a part of the living one.
 */
export function missingMarkers(listings: {
  readonly source: readonly HistoryMarker[];
  readonly target: readonly HistoryMarker[];
}): readonly HistoryMarker[] {
  const there = new Set(listings.target.map(({ name }) => name));
  return listings.source
    .filter(({ name }) => !there.has(name))
    .map((marker) => ({
      ...marker,
      first: marker.first.replace(FINAL, ''),
      left: marker.left.map((name) => name.replace(FINAL, '')),
    }));
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
