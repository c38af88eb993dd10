/** Something that is opened when it is first needed, then shared. An opening that fails is tried again at the next use. */
export class OpenOnDemand<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #opening: () => Promise<T>;
  #opened: Promise<T> | undefined;
  #isOpen = false;

  constructor(opening: () => Promise<T>) {
    this.#opening = opening;
  }

  /** Rejects as the opening does. */
  open(): Promise<T> {
    if (this.#opened === undefined) {
      const opened = this.#opening();
      this.#opened = opened;
      opened.then(
        () => {
          this.#isOpen = true;
        },
        () => {
          this.#opened = undefined;
        },
      );
    }
    return this.#opened;
  }

  /** Closes it where it is open. One that is still being opened is not waited for: that may hang, and closes it then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#opened?.then(
      (opened) => opened[Symbol.asyncDispose](),
      () => undefined,
    );
    if (this.#isOpen) {
      await closed;
    } else {
      closed?.catch(() => undefined);
    }
  }
}
