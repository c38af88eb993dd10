import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { DoubtMarker } from '../../snapshot/history/history-marker.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Why markers of doubt go whose objects are gone. */
export const NOTHING_STORED = 'what it puts in doubt is not stored any more';

/** Deletes markers of doubt that are not needed any more. One that cannot be deleted is logged and stays. Gives how many are gone. */
export async function removeMarkers(
  markers: readonly DoubtMarker[],
  { store: { histories }, why }: { readonly store: Pick<SnapStore, 'histories'>; readonly why: string },
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<number> {
  let removed = 0;
  for (const marker of histories?.remove === undefined ? [] : markers) {
    signal.throwIfAborted();
    try {
      await untilAborted(histories?.remove?.(marker, { signal }) ?? Promise.resolve(), signal);
    } catch (error) {
      signal.throwIfAborted();
      // Another process may have been faster.
      if (!(error instanceof StoreError && error.kind === 'not_found')) {
        const isLocked = error instanceof StoreError && error.kind === 'immutable';
        log[isLocked ? 'debug' : 'warn'](
          { marker: marker.name, error },
          `GC: failed to delete ${marker.name}: ${error}`,
        );
        continue;
      }
    }
    removed += 1;
    log.info({ marker: marker.name }, `GC: deleted ${marker.name}: ${why}`);
  }
  return removed;
}
