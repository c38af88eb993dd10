/** The answer of a service to a question that callers ask at the same time: it is asked once, and forgotten as soon as it is there. */
export class SharedAnswer<T> {
  #running: Promise<T> | undefined;

  /**
   * `ask` is called unless the question is on its way already. Throws what it throws; where the question of another caller failed, it is
   * asked again.
   */
  async get(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const running = this.#running;
    if (running !== undefined) {
      try {
        return await running;
      } catch {
        // Perhaps only the caller that asked was ended.
        signal.throwIfAborted();
        return await ask();
      }
    }
    const answer = ask();
    this.#running = answer;
    try {
      return await answer;
    } finally {
      this.#running = undefined;
    }
  }
}
