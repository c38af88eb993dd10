import type { Clock } from '../clock.ts';
import { Backoff, type BackoffPolicy } from './backoff.ts';

/** Waits before something that has failed is tried again, and not before what has not failed. Its count outlives its users. */
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

  /** Waits when something has failed since the last success. `onWait` is called before with the time, ms. */
  async wait(clock: Clock, signal: AbortSignal, onWait: (ms: number) => void): Promise<void> {
    if (this.#armed) {
      const ms = this.#backoff.nextMs();
      onWait(ms);
      await clock.sleep(ms, signal);
    }
  }
}
