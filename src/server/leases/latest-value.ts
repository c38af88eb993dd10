/** Hands the newest of several values to one reader; older ones that it has not taken are dropped. */
export class LatestValue<T> {
  #value: { readonly value: T } | undefined;
  #arrived = Promise.withResolvers<void>();

  /** Takes the place of a value that is still waiting. */
  offer(value: T): void {
    this.#value = { value };
    this.#arrived.resolve();
  }

  /** Offers a value only when none is waiting. */
  offerAgain(value: T): void {
    if (this.#value === undefined) {
      this.offer(value);
    }
  }

  /** The newest value, as soon as there is one. Rejects when the signal aborts. */
  async take(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      for (;;) {
        const found = this.#value;
        if (found !== undefined) {
          this.#value = undefined;
          this.#arrived = Promise.withResolvers<void>();
          return found.value;
        }
        await Promise.race([this.#arrived.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
