import type { Clock } from '../clock.ts';
import { Interrupted, type StopSignal } from './interrupted.ts';

/** Emits signals: the process, or an emitter in tests. */
export interface SignalSource {
  on(name: StopSignal, listener: () => void): unknown;
  off(name: StopSignal, listener: () => void): unknown;
}

/** What happens when signals arrive. */
export interface SignalWatch {
  readonly source: SignalSource;
  readonly clock: Clock;
  /** How long the program may take to end after the first signal, ms. */
  readonly graceMs: number;
  /** The first signal arrived, and the operation will be aborted. */
  onFirst(signal: StopSignal): void;
  /** A second signal arrived, or the grace period is over: the program must end now. */
  onForced(signal: StopSignal, why: 'second signal' | 'time is over'): void;
}

/** Signals being watched. */
export interface WatchedSignals extends Disposable {
  /** Aborts with an {@link Interrupted} at the first signal. */
  readonly signal: AbortSignal;
}

/** All of them. */
export const stopSignals: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** Aborts at the first SIGHUP, SIGINT or SIGTERM, and calls `onForced` at the second, or at the end of the grace period. */
export function watchSignals(watch: SignalWatch): WatchedSignals {
  const stop = new AbortController();
  const finished = new AbortController();
  const arrived = (signal: StopSignal): void => {
    if (stop.signal.aborted) {
      watch.onForced(signal, 'second signal');
      return;
    }
    watch.onFirst(signal);
    stop.abort(new Interrupted(signal));
    watch.clock.sleep(watch.graceMs, finished.signal).then(
      () => watch.onForced(signal, 'time is over'),
      () => undefined,
    );
  };
  const listeners = stopSignals.map((name) => ({ name, listener: () => arrived(name) }));
  for (const { name, listener } of listeners) {
    watch.source.on(name, listener);
  }
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      finished.abort();
      for (const { name, listener } of listeners) {
        watch.source.off(name, listener);
      }
    },
  };
}
