import { type RetryOptions, transferRetries } from '../retry-transient.ts';
import type { UploadSettings } from './upload-request.ts';
import { UploadVanished } from './upload-vanished.ts';

/** How a call of an upload is tried again; `what` is what the log names. */
export function uploadRetries(
  { clock, log, retries: policy = transferRetries }: UploadSettings,
  signal: AbortSignal,
  what: string,
): RetryOptions {
  return {
    clock,
    signal,
    policy,
    unless: (error) => error instanceof UploadVanished,
    onRetry: (error, { next, most, delayMs }) =>
      log.warn(
        { error: error.message },
        `trying ${what} again in ${delayMs / 1_000} s, try ${next} of at most ${most}`,
      ),
  };
}
