/** A set of page numbers below a high water mark, one bit each. */
export class PageSet {
  readonly #bits: Uint8Array;
  readonly #highWater: number;

  constructor(highWater: number) {
    this.#highWater = highWater;
    this.#bits = new Uint8Array(Math.ceil(highWater / 8));
  }

  has(id: number): boolean {
    return ((this.#bits[Math.floor(id / 8)] ?? 0) & (1 << (id % 8))) !== 0;
  }

  /** Adds a page number; false when it was in the set already or is not below the high water mark. */
  add(id: number): boolean {
    if (id >= this.#highWater || this.has(id)) {
      return false;
    }
    const at = Math.floor(id / 8);
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (id % 8));
    return true;
  }
}
