/** What a service says, asked once by all who want to know it at the same time. It is forgotten as soon as it is there. */
export class SharedAnswer<T> {
  #running: Promise<T> | undefined;

  /** `ask` is called unless somebody asks already. Throws what it throws: where another one's question has failed, it is asked again. */
  async get(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const running = this.#running;
    if (running !== undefined) {
      try {
        return await running;
      } catch {
        // Perhaps only the one who asked was ended.
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
