/** Reads a stream of pieces by numbers of bytes. Each piece is used up before the next one is asked for. */
export class PieceReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Copies the next bytes to `target` from `start` to `end`, fewer where the stream ends; returns where they end. */
  async read(target: Uint8Array, { start, end }: { readonly start: number; readonly end: number }): Promise<number> {
    let at = start;
    while (at < end && (this.#piece.length > 0 || (await this.#more()))) {
      const part = this.#piece.subarray(0, end - at);
      target.set(part, at);
      at += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    return at;
  }

  /**
   * As {@link read}, at once: only where the piece at hand has all of these bytes. False, and nothing is read, where it has not. For what
   * is read in many small steps, each of which takes much longer when it waits.
   */
  readNow(target: Uint8Array, { start, end }: { readonly start: number; readonly end: number }): boolean {
    const size = end - start;
    if (this.#piece.length < size) {
      return false;
    }
    target.set(this.#piece.subarray(0, size), start);
    this.#piece = this.#piece.subarray(size);
    return true;
  }

  /** All that was not read. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#piece.length > 0 || (await this.#more())) {
      const piece = this.#piece;
      this.#piece = piece.subarray(piece.length);
      yield piece;
    }
  }

  /** Ends the stream when it has not ended by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      await this.#source.return?.();
    }
  }

  async #more(): Promise<boolean> {
    while (!this.#ended && this.#piece.length === 0) {
      try {
        const step = await this.#source.next();
        this.#ended = step.done === true;
        this.#piece = step.done === true ? this.#piece : step.value;
      } catch (error) {
        this.#ended = true;
        throw error;
      }
    }
    return this.#piece.length > 0;
  }
}
