import type { Clock } from '../clock.ts';

/** The time that work may take to finish after it was asked to stop. */
export interface GracePeriod extends Disposable {
  /** Aborts at the end of the period, with the reason of the signal that asked the work to stop. */
  readonly signal: AbortSignal;
}

/** A grace period of `ms` milliseconds that begins when `signal` aborts. Disposing of it ends the wait without aborting. */
export function gracePeriodAfter(
  signal: AbortSignal,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
): GracePeriod {
  const late = new AbortController();
  const disposed = new AbortController();
  const count = (): void => {
    clock.sleep(ms, disposed.signal).then(
      () => late.abort(signal.reason),
      () => {},
    );
  };
  if (signal.aborted) {
    count();
  } else {
    signal.addEventListener('abort', count, { once: true, signal: disposed.signal });
  }
  return { signal: late.signal, [Symbol.dispose]: () => disposed.abort() };
}
