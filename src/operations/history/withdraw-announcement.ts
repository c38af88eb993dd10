import type { RunContext } from '../../runtime/run-context.ts';
import type { HistoryMarker } from '../../snapshot/history/history-marker.ts';
import type { HistoryMarkerStore } from '../../snapstore/backups/history-marker-store.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Deletes an announcement that is not needed any more. One that stays says nothing that is wrong. */
export async function withdrawAnnouncement(
  histories: HistoryMarkerStore,
  marker: HistoryMarker,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  try {
    await histories.withdraw(marker, { signal });
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.debug({ error, marker: marker.name }, `The announcement of ${marker.name} stays: ${error.message}`);
  }
}
