import type { RunContext } from '../../runtime/run-context.ts';
import type { Leftover } from '../../snapstore/leftover.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** What uploads of killed runs have left in a store, or why that is not known. */
export type AbandonedUploads =
  | { readonly known: true; readonly uploads: readonly Leftover[] }
  | { readonly known: false; readonly error: StoreError };

/** Looks for them. Not every account may, and not every service can. */
export async function findAbandonedUploads(
  store: SnapStore,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<AbandonedUploads> {
  try {
    return { known: true, uploads: (await store.abandonedUploads?.({ signal, now: clock.now() })) ?? [] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.debug({ error }, `GC: whether uploads of killed runs have left something is not known: ${error.message}`);
    return { known: false, error };
  }
}

/** Removes them; what cannot be removed is warned of. Returns how many are gone. */
export async function removeAbandonedUploads(
  found: AbandonedUploads,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<number> {
  let removed = 0;
  for (const upload of found.known ? found.uploads : []) {
    try {
      await upload.remove({ signal });
      removed += 1;
      log.info(`GC: removed ${upload.what}, begun ${new Date(upload.begunAt).toISOString()}`);
    } catch (error) {
      signal.throwIfAborted();
      const isLocked = error instanceof StoreError && error.kind === 'immutable';
      log[isLocked ? 'debug' : 'warn']({ error }, `GC: failed to remove ${upload.what}: ${error}`);
    }
  }
  return removed;
}
