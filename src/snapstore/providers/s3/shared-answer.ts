/** The answer of a service to a question that callers ask at the same time: it is asked once, and forgotten as soon as it is there. */
export class SharedAnswer<T> {
  #running: { readonly answer: Promise<T>; readonly signal: AbortSignal } | undefined;

  /**
   * `ask` is called unless the question is on its way already. Throws what it throws, also to those that wait for it: what was tried for
   * long is not tried as long again. Only where the caller that asked was ended, another one asks.
   */
  async get(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const running = this.#running;
    if (running !== undefined) {
      try {
        return await running.answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!running.signal.aborted) {
          throw error;
        }
        return await ask();
      }
    }
    const answer = ask();
    this.#running = { answer, signal };
    try {
      return await answer;
    } finally {
      this.#running = undefined;
    }
  }
}
