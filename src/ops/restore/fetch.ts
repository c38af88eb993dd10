import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Waits before the second and later tries of a fetch, ms. */
const RETRY_DELAYS = [1000, 2000, 4000, 8000, 16000];

/**
 * Reads a whole object and hands its stored bytes to `consume`, from the beginning again when the store fails in passing.
 * `consume` has to throw away what an earlier try gave it. Its own errors end the fetch at once.
 */
export async function fetchWhole<T>(
  store: SnapStore,
  snapshot: StoredSnapshot,
  context: RunContext,
  consume: (body: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const body = await store.fetch(snapshot, { signal: context.signal });
      return await consume(body);
    } catch (error) {
      const delay = RETRY_DELAYS[attempt];
      if (!(error instanceof StoreError) || error.kind !== 'transient' || delay === undefined) {
        throw error;
      }
      context.log.warn({ snapshot: snapshot.name, error: error.message }, `Fetching again in ${delay / 1000} s`);
      await context.clock.sleep(delay, context.signal);
    }
  }
}
