import { type Revision, revision } from '../../revision.ts';
import type { Snapshot } from '../snapshot.ts';
import type { OrderMarker, StoreMarker } from './history-marker.ts';

/**
 * Marks the fulls of which a marker says what was stored after them: a clock was slow then, and the times in the names say another order.
 * Without such markers the listing is returned as it is.
 */
export function markStoredOrder<T extends Snapshot>(
  listing: readonly T[],
  markers: readonly StoreMarker[],
): readonly T[] {
  const orders = markers.filter((marker): marker is OrderMarker => marker.why === 'clock_behind');
  const precedes = new Map<string, Revision>();
  for (const { shared, after } of orders) {
    for (const name of after) {
      precedes.set(name, revision(Math.min(shared, precedes.get(name) ?? shared)));
    }
  }
  return precedes.size === 0
    ? listing
    : listing.map((each) => {
        const from = each.kind === 'Full' && each.chunk === undefined ? precedes.get(each.name) : undefined;
        return from === undefined || from < each.lastRevision ? each : { ...each, precedes: from };
      });
}
