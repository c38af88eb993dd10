import type { Clock } from '../clock.ts';
import { untilAborted } from './until-aborted.ts';

/** A time after which work is not waited for. Disposing ends the wait for that time. */
export interface Deadline extends Disposable {
  /** Aborts when the time is over, or with the caller's signal. */
  readonly signal: AbortSignal;
  /** Whether the time is over. */
  readonly isOver: boolean;
  /** Settles as `work` does, or rejects with the signal's reason at the latest when the signal aborts. */
  bound<T>(work: Promise<T>): Promise<T>;
}

/** A deadline `ms` milliseconds from now by the given clock. Its reason is an Error of the name `TimeoutError`. */
export function deadlineIn(
  ms: number,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Deadline {
  const late = new AbortController();
  const disposed = new AbortController();
  clock.sleep(ms, disposed.signal).then(
    () => late.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')),
    () => {},
  );
  const either = AbortSignal.any([signal, late.signal]);
  return {
    signal: either,
    get isOver() {
      return late.signal.aborted;
    },
    bound: (work) => untilAborted(work, either),
    [Symbol.dispose]: () => disposed.abort(),
  };
}
