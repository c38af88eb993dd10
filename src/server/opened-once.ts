/** Something that is opened when it is first needed, then shared. An opening that fails is tried again by the next who needs it. */
export class OpenedOnce<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #opening: () => Promise<T>;
  #opened: Promise<T> | undefined;

  constructor(opening: () => Promise<T>) {
    this.#opening = opening;
  }

  /** Rejects as the opening does. */
  open(): Promise<T> {
    if (this.#opened === undefined) {
      const opened = this.#opening();
      this.#opened = opened;
      opened.catch(() => {
        this.#opened = undefined;
      });
    }
    return this.#opened;
  }

  /** Closes it, where it is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
