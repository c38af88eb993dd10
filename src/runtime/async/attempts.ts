import type { Clock } from '../clock.ts';
import { Backoff, type BackoffPolicy } from './backoff.ts';

/** How often something is tried, and after which waits. */
export interface AttemptPolicy extends BackoffPolicy {
  readonly attempts: number;
}

/** What {@link inAttempts} works with. */
export interface AttemptOptions {
  readonly policy: AttemptPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A number from 0 to 1: each wait is longer by a tenth of it, so that several programs do not act in step. */
  readonly random: () => number;
  /** How much longer to wait after this error, ms; undefined where another attempt would be of no use. */
  readonly delayAfter: (error: unknown) => number | undefined;
}

/** Does the work until it succeeds, as often as the policy allows; rejects with the last error, or the signal's reason. */
export async function inAttempts<T>(work: () => Promise<T>, options: AttemptOptions): Promise<T> {
  const { policy, clock, signal, random, delayAfter } = options;
  const backoff = new Backoff(policy);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const longer = delayAfter(error);
      if (longer === undefined || backoff.waits >= policy.attempts - 1) {
        throw error;
      }
      await clock.sleep(backoff.nextMs() * (1 + random() / 10) + longer, signal);
    }
  }
}
