import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { RetryOptions } from '../retry-transient.ts';

/** A request that is done within this time, tried again or not, is not worth a word to a person, ms. */
const blipMs = 2_000;

/** Many requests are on their way at once, and one line says it for all, ms. */
const quietMs = 1_000;

/**
 * Says that requests to a store are tried again, so that whoever waits sees for what: as a warning when it takes a while, at most one a second, and
 * at level debug otherwise.
 */
export function retryReport({
  log,
  clock,
}: {
  readonly log: Logger;
  readonly clock: Clock;
}): NonNullable<RetryOptions['onRetry']> {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error, { next, most, delayMs, elapsedMs }) => {
    const now = clock.monotonic();
    const isWorthAWord = elapsedMs + delayMs >= blipMs && now - toldAt >= quietMs;
    if (isWorthAWord) {
      toldAt = now;
    }
    const text = `Trying again in ${delayMs / 1_000} s, try ${next} of at most ${most}: ${error.message}`;
    log[isWorthAWord ? 'warn' : 'debug']({ code: error.code }, text);
  };
}
