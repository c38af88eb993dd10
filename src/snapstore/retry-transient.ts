import { Backoff, type BackoffPolicy } from '../runtime/async/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { StoreError } from './store-error.ts';

/** How often something is tried again, and after which waits. */
export interface RetryPolicy extends BackoffPolicy {
  /** Tries after the first. */
  readonly retries: number;
}

/** For a request that is a part of something that is tried again as a whole: again after 0.5, 1 and 2 s. */
export const shortRetries: RetryPolicy = { firstMs: 500, multiplier: 2, longestMs: 2_000, retries: 3 };

/** For one request to a store: for 31 s, as long as a chunk is tried, since a store that restarts is out for that long. */
export const requestRetries: RetryPolicy = { firstMs: 500, multiplier: 2, longestMs: 15_500, retries: 6 };

/** For a chunk of an upload, or a copied object: again after 1, 2, 4, 8 and 16 s. */
export const transferRetries: RetryPolicy = { firstMs: 1_000, multiplier: 2, longestMs: 16_000, retries: 5 };

/** What {@link retryTransient} works with. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Left out: {@link requestRetries}. */
  readonly policy?: RetryPolicy;
  /** Failures that another attempt cannot mend, although they are transient. */
  readonly unless?: (error: StoreError) => boolean;
  /** Called with each failure that is followed by another try. */
  readonly onRetry?: (error: StoreError, delayMs: number) => void;
}

/** The longest that a store's request to wait is followed, ms. */
const longestRetryAfterMs = 60_000;

/**
 * Runs `attempt` again while it fails with a `transient` {@link StoreError}; the last failure is thrown.
 * Only for requests that may be done twice, and only where an SDK does not retry by itself.
 */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  { clock, signal, policy = requestRetries, unless, onRetry }: RetryOptions,
): Promise<T> {
  for (const usualMs of retryWaits(policy)) {
    let delayMs: number;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'transient' || unless?.(error) === true) {
        throw error;
      }
      delayMs = waitAfter(error, usualMs);
      onRetry?.(error, delayMs);
    }
    await clock.sleep(delayMs, signal);
  }
  return await attempt();
}

/** The waits before each further try, ms. */
export function* retryWaits(policy: RetryPolicy): Generator<number, void, undefined> {
  const backoff = new Backoff(policy);
  while (backoff.waits < policy.retries) {
    yield backoff.nextMs();
  }
}

/** How long to wait after this failure, ms: as usual, or longer where the store asked for it. */
export function waitAfter({ retryAfterMs = 0 }: StoreError, usualMs: number): number {
  return Math.max(usualMs, Math.min(retryAfterMs, longestRetryAfterMs));
}
