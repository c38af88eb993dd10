import type { Clock } from '../clock.ts';

/** A signal for work that may still be finished after it was told to stop. */
export interface Grace extends Disposable {
  /** Aborts `ms` after the other signal did, with the same reason. */
  readonly signal: AbortSignal;
}

/** Gives work that is in flight when `signal` aborts another `ms` milliseconds. Disposing ends the wait without aborting. */
export function gracePeriodAfter(
  signal: AbortSignal,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
): Grace {
  const late = new AbortController();
  const over = new AbortController();
  const count = (): void => {
    clock.sleep(ms, over.signal).then(
      () => late.abort(signal.reason),
      () => {},
    );
  };
  if (signal.aborted) {
    count();
  } else {
    signal.addEventListener('abort', count, { once: true, signal: over.signal });
  }
  return { signal: late.signal, [Symbol.dispose]: () => over.abort() };
}
