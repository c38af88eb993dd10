import type { DoubtMarker, StoreMarker } from '../snapshot/history/history-marker.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/**
 * The markers of doubt that no decision needs any more. Such a marker is needed while the store holds anything that it may be about: a delta
 * that begins where its doubt reaches, of whichever history, or a full from which such a delta could go on, also one that a second
 * writer stores later. Besides it stays for twice the time that a history that was left is kept: what was in doubt is kept for
 * that time, and could be brought back by hand after it.
 */
export function outdatedDoubts(
  markers: readonly StoreMarker[],
  {
    snapshots,
    now,
    leftHistoryMs,
  }: { readonly snapshots: readonly Snapshot[]; readonly now: number; readonly leftHistoryMs: number },
): readonly DoubtMarker[] {
  return markers.filter(
    (marker): marker is DoubtMarker =>
      marker.why === 'continuation_unproven' &&
      now - marker.begunOn * 1000 > 2 * leftHistoryMs &&
      !snapshots.some((snapshot) => isConcerned(snapshot, marker)),
  );
}

function isConcerned({ kind, startRevision, lastRevision }: Snapshot, { upTo }: DoubtMarker): boolean {
  return kind === 'Full' ? lastRevision < upTo : startRevision <= upTo;
}
