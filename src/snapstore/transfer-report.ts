import type { Logger } from '../runtime/log/logger.ts';
import type { RetryOptions } from './retry-transient.ts';

/** Says that an object is read or copied from its beginning again, so that whoever waits sees for what. */
export function transferReport(
  { log, name }: { readonly log: Pick<Logger, 'warn'>; readonly name: string },
  doing: 'Fetching' | 'Copying',
): NonNullable<RetryOptions['onRetry']> {
  return (error, { next, most, delayMs }) =>
    log.warn(
      { snapshot: name, error: error.message },
      `${doing} again in ${delayMs / 1_000} s, try ${next} of at most ${most}`,
    );
}
