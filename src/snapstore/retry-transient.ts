import type { Clock } from '../runtime/clock.ts';
import { StoreError } from './store-error.ts';

/** How often and how patiently to try again. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Waits before the second, third … try, ms. Default 0.5, 1 and 2 seconds. */
  readonly delaysMs?: readonly number[];
  /** Told of each failure that is followed by another try. */
  readonly onRetry?: (error: StoreError, delayMs: number) => void;
}

/** However long a store asks to be left alone, it is asked again after this time, ms. */
const longestWaitMs = 60_000;

/**
 * Runs `attempt` again while it fails with a `transient` {@link StoreError}; the last failure is thrown.
 * A wait is longer than said where the store asked for it.
 * Only for requests that may be done twice, and only where an SDK does not retry by itself.
 */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  { clock, signal, delaysMs = [500, 1000, 2000], onRetry }: RetryOptions,
): Promise<T> {
  for (const usualDelay of delaysMs) {
    let delay = usualDelay;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'transient') {
        throw error;
      }
      delay = Math.max(delay, Math.min(error.retryAfterMs ?? 0, longestWaitMs));
      onRetry?.(error, delay);
    }
    await clock.sleep(delay, signal);
  }
  return await attempt();
}
