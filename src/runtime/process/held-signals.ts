import type { Clock } from '../clock.ts';
import type { StopSignal } from './interrupted.ts';
import { type SignalSource, stopSignals } from './signals.ts';

/** Where signals come from, and what happens with those that nobody listens to for too long. */
export interface HeldSignalsParts {
  readonly source: SignalSource;
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long a signal may wait for a listener, ms. */
  readonly graceMs: number;
  /** A second signal arrived, or the time is over, and nobody listens: the program must end now. */
  onForced(signal: StopSignal): void;
}

/**
 * Hears the stop signals from the start of the process to its end. One that comes before a command listens is kept for it: by default it
 * would end the process without a word, and the first process of a container would never hear of it. One that comes after the work is
 * done changes nothing.
 */
export class HeldSignals implements SignalSource {
  readonly #parts: HeldSignalsParts;
  readonly #listeners = new Map<StopSignal, Set<() => void>>(stopSignals.map((name) => [name, new Set()]));
  readonly #taken = new AbortController();
  #held: StopSignal | undefined;
  #hasArrived = false;
  #isDone = false;

  constructor(parts: HeldSignalsParts) {
    this.#parts = parts;
    for (const name of stopSignals) {
      parts.source.on(name, () => this.#arrived(name));
    }
  }

  on(name: StopSignal, listener: () => void): void {
    this.#listeners.get(name)?.add(listener);
    if (this.#held === name) {
      this.#held = undefined;
      this.#taken.abort();
      // The listener may need what is made after it.
      queueMicrotask(listener);
    }
  }

  off(name: StopSignal, listener: () => void): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /** The work is done: what comes now is too late. */
  done(): void {
    this.#isDone = true;
    this.#taken.abort();
  }

  #arrived(name: StopSignal): void {
    const listeners = [...(this.#listeners.get(name) ?? [])];
    const isSecond = this.#hasArrived;
    this.#hasArrived = true;
    if (listeners.length > 0) {
      for (const listener of listeners) {
        listener();
      }
      return;
    }
    if (this.#isDone) {
      return;
    }
    if (isSecond) {
      this.#parts.onForced(name);
      return;
    }
    this.#held = name;
    this.#parts.clock.sleep(this.#parts.graceMs, this.#taken.signal).then(
      () => this.#parts.onForced(name),
      () => undefined,
    );
  }
}
