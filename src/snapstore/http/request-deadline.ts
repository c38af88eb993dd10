import { StoreError } from '../store-error.ts';

/** A request that took longer than it was given. */
export class DeadlineExceeded extends Error {
  constructor(ms: number) {
    super(`nothing came back within ${ms / 1000} s`);
    this.name = 'DeadlineExceeded';
  }
}

/** The bounds of one request to a store. */
export interface RequestBounds {
  /** The caller's signal. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Turns what the SDK threw, or {@link DeadlineExceeded}, into the error callers know. */
  readonly translate: (error: unknown) => StoreError;
}

/**
 * Runs one request under a deadline. Its signal aborts when the caller's does and when time is up; then it is not waited for any more, even
 * if it ignores the signal. Throws the caller's own reason when the caller aborted, else what `translate` makes of the error;
 * a {@link StoreError} stays as it is. All timers and listeners end with it.
 */
export async function withDeadline<T>(call: RequestBounds, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  call.signal.throwIfAborted();
  const controller = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    controller.abort(reason);
    stopped.reject(reason);
  };
  const onAbort = (): void => stop(call.signal.reason);
  const timer = setTimeout(() => stop(new DeadlineExceeded(call.deadlineMs)), call.deadlineMs);
  call.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([request(controller.signal), stopped.promise]);
  } catch (error) {
    if (call.signal.aborted) {
      throw call.signal.reason;
    }
    if (error instanceof StoreError) {
      throw error;
    }
    throw call.translate(controller.signal.aborted ? controller.signal.reason : error);
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', onAbort);
  }
}
