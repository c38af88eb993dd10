import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { Upload } from '../bucket.ts';

/** How long the parts of a failed upload may take to be removed, ms. */
const afterFailureMs = 5_000;

/**
 * How long once the caller has cancelled, ms: a process that is to end has 10 s, of which the last delta may take 8.
 */
const afterCancellationMs = 1_500;

/** Which upload to discard, and for whom. */
export interface DiscardRequest {
  readonly key: string;
  /** Aborts when the caller cancels, which may happen before or during the removal. */
  readonly cancelled: AbortSignal;
  readonly log: Logger;
}

/**
 * Aborts an upload. Ends within seconds even when the store does not answer, and never rejects: what had to be left in the
 * store is logged.
 */
export async function discardUpload(upload: Upload, { key, cancelled, log }: DiscardRequest): Promise<void> {
  const overdue = new AbortController();
  const limit = (ms: number): NodeJS.Timeout =>
    setTimeout(() => overdue.abort(new Error(`it took longer than ${ms / 1_000} s`)), ms);
  const timers = [limit(afterFailureMs)];
  const onCancel = (): void => {
    timers.push(limit(afterCancellationMs));
  };
  if (cancelled.aborted) {
    onCancel();
  }
  cancelled.addEventListener('abort', onCancel, { once: true });
  try {
    await untilAborted(upload.abort({ signal: overdue.signal }), overdue.signal);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    log.warn({ key, leftBehind: upload.leftovers, error: found }, 'an unfinished upload could not be removed');
  } finally {
    cancelled.removeEventListener('abort', onCancel);
    timers.forEach(clearTimeout);
  }
}
