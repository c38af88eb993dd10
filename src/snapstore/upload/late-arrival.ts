import type { Clock } from '../../runtime/clock.ts';
import { type RetryPolicy, retryWaits } from '../retry-transient.ts';

/** Four looks within 1 s, so that even an upload that was cancelled, and has 1.5 s to be removed, gets them. */
const looks: RetryPolicy = { firstMs: 100, multiplier: 3, longestMs: 600, retries: 3 };

/**
 * Finds an object whose request was cut short: the store may still carry it out, after the caller has its error. Runs `look`
 * several times until it returns something; undefined when the object has not appeared after the last look.
 *
 * Throws the signal's reason when that aborts first: then the object may still appear.
 */
export async function lateArrival<T>(
  look: () => Promise<T | undefined>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T | undefined> {
  for (const waitMs of retryWaits(looks)) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    await clock.sleep(waitMs, signal);
  }
  return await look();
}
