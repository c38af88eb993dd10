import type { Clock } from '../clock.ts';
import { Backoff, type BackoffPolicy } from './backoff.ts';

/** Waits before something is tried again after a failure, and not otherwise. It counts failures across its users. */
export class ArmedBackoff {
  readonly #backoff: Backoff;
  #armed = false;

  constructor(policy: BackoffPolicy) {
    this.#backoff = new Backoff(policy);
  }

  /** Something has failed: the next {@link wait} waits, longer than the one before. */
  arm(): void {
    this.#armed = true;
  }

  /** It works again: the next wait after a failure is the first one. */
  disarm(): void {
    this.#armed = false;
    this.#backoff.reset();
  }

  /**
   * Waits when something has failed since the last success. `onWait` is called first, with the length of the wait in ms. The wait ends
   * early when the promise of `sooner` resolves: a sign that it works again. When that promise rejects, the wait goes on; the signal that
   * `sooner` gets aborts at the end of the wait.
   */
  async wait(
    clock: Clock,
    signal: AbortSignal,
    onWait: (ms: number) => void,
    sooner?: (ms: number, signal: AbortSignal) => Promise<void> | undefined,
  ): Promise<void> {
    if (!this.#armed) {
      return;
    }
    const ms = this.#backoff.nextMs();
    onWait(ms);
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const slept = clock.sleep(ms, either);
    try {
      const sign = sooner?.(ms, either);
      await (sign === undefined ? slept : Promise.race([slept, sign.catch(() => slept)]));
    } finally {
      over.abort();
      slept.catch(() => undefined);
    }
  }
}
