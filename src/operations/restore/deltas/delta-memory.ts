/** Memory for the stored bytes of deltas that wait to be read. How much of it there is is counted, so that it stays bounded. */
export class DeltaMemory {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Reserves room for so many bytes until disposed; undefined where there is none. */
  reserve(bytes: number): Disposable | undefined {
    if (bytes > this.#left) {
      return undefined;
    }
    this.#left -= bytes;
    let reserved = bytes;
    return {
      [Symbol.dispose]: () => {
        this.#left += reserved;
        reserved = 0;
      },
    };
  }
}
