import { Backoff, type BackoffPolicy } from '../runtime/async/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { StoreError } from './store-error.ts';

/** How often something is tried again, and after which waits. */
export interface RetryPolicy extends BackoffPolicy {
  /** Tries after the first. */
  readonly retries: number;
  /**
   * No further try once the tries themselves, without the waits, have taken this long, ms: a store that takes requests and never answers
   * would hold up a command for many times the deadline of one. Left out: no limit, for what may take long because there is much of it.
   */
  readonly triesMs?: number;
}

/** For a request that is a part of something that is tried again as a whole: again after 0.5, 1 and 2 s. */
export const shortRetries: RetryPolicy = {
  firstMs: 500,
  multiplier: 2,
  longestMs: 2_000,
  retries: 3,
  triesMs: 30_000,
};

/**
 * For one request to a store: for 31 s, as long as a chunk is tried, since a store that restarts is out for that long. Where nothing comes
 * back, the deadline of a request of a minute leaves time for two.
 */
export const requestRetries: RetryPolicy = {
  firstMs: 500,
  multiplier: 2,
  longestMs: 15_500,
  retries: 6,
  triesMs: 90_000,
};

/** For a chunk of an upload, or a copied object: again after 1, 2, 4, 8 and 16 s. */
export const transferRetries: RetryPolicy = { firstMs: 1_000, multiplier: 2, longestMs: 16_000, retries: 5 };

/** How far it is with something that is tried again. */
export interface RetryProgress {
  /** The number of the next try, from 2, and how many there are at most. */
  readonly next: number;
  readonly most: number;
  /** The wait before it, ms. */
  readonly delayMs: number;
  /** Since the first try began, ms. */
  readonly elapsedMs: number;
}

/** What {@link retryTransient} works with. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Left out: {@link requestRetries}. */
  readonly policy?: RetryPolicy;
  /** Failures that another attempt cannot mend, although they are transient. */
  readonly unless?: (error: StoreError) => boolean;
  /** Called with each failure that is followed by another try. */
  readonly onRetry?: (error: StoreError, progress: RetryProgress) => void;
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
  const { triesMs = Number.POSITIVE_INFINITY, retries } = policy;
  const begun = clock.monotonic();
  let tookMs = 0;
  let next = 2;
  for (const usualMs of retryWaits(policy)) {
    const tried = clock.monotonic();
    let delayMs: number;
    try {
      return await attempt();
    } catch (error) {
      const now = clock.monotonic();
      tookMs += now - tried;
      if (!(error instanceof StoreError) || !isWorthIt(error, unless) || tookMs >= triesMs) {
        throw error;
      }
      delayMs = waitAfter(error, usualMs);
      onRetry?.(error, { next, most: retries + 1, delayMs, elapsedMs: now - begun });
      next += 1;
    }
    await clock.sleep(delayMs, signal);
  }
  return await attempt();
}

function isWorthIt(error: StoreError, unless: RetryOptions['unless']): boolean {
  return error.kind === 'transient' && !error.isLasting && unless?.(error) !== true;
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
