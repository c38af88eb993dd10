import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { DoubtMarker } from '../../snapshot/history/history-marker.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { stayedError } from '../../snapstore/stayed-error.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Why markers of doubt go whose objects are gone. */
export const NOTHING_STORED = 'what it puts in doubt is not stored any more';

/** Where markers are removed, and why. */
export interface MarkerRemoval {
  readonly store: Pick<SnapStore, 'histories' | 'location'>;
  readonly why: string;
  /** Names of those that are known to stay whatever the store answers, which are left alone; grows. Left out, none. */
  readonly staying?: Set<string>;
}

/**
 * Deletes markers of doubt that are not needed any more. One that cannot be deleted, or that is there after its deletion was answered with
 * success, is logged and stays. Gives how many are gone.
 */
export async function removeMarkers(
  markers: readonly DoubtMarker[],
  { store, why, staying }: MarkerRemoval,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<number> {
  const { histories } = store;
  const remove = histories?.remove?.bind(histories);
  const tried = remove === undefined ? [] : markers.filter(({ name }) => staying?.has(name) !== true);
  const deleted: DoubtMarker[] = [];
  for (const marker of tried) {
    signal.throwIfAborted();
    try {
      await untilAborted(remove?.(marker, { signal }) ?? Promise.resolve(), signal);
    } catch (error) {
      signal.throwIfAborted();
      // Another process may have been faster.
      if (!isAbsent(error)) {
        const isLocked = error instanceof StoreError && error.kind === 'immutable';
        log[isLocked ? 'debug' : 'warn'](
          { marker: marker.name, error },
          `GC: failed to delete ${marker.name}: ${error}`,
        );
        continue;
      }
    }
    deleted.push(marker);
  }
  const listed = deleted.length === 0 ? new Set() : await namesAfter(histories, signal);
  let removed = 0;
  for (const marker of deleted) {
    const { name } = marker;
    // A listing may be older than the deletion: of what is gone the store says so.
    if (listed.has(name) && !(await isGone(() => remove?.(marker, { signal }), signal))) {
      staying?.add(name);
      log.warn({ marker: name }, `GC: ${stayedError('immutable', `${name} from ${store.location}`).message}`);
      continue;
    }
    removed += 1;
    log.info({ marker: name }, `GC: deleted ${name}: ${why}`);
  }
  return removed;
}

/** Names of all markers; none where the store does not list them now. */
async function namesAfter(histories: SnapStore['histories'], signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    return new Set(await histories?.names?.({ signal }));
  } catch {
    signal.throwIfAborted();
    return new Set();
  }
}

async function isGone(again: () => Promise<void> | undefined, signal: AbortSignal): Promise<boolean> {
  try {
    await again();
    return false;
  } catch (error) {
    signal.throwIfAborted();
    return isAbsent(error);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'not_found';
}
