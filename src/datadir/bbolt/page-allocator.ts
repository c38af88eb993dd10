/** Gives out numbers for new pages, from the high water mark on. */
export class PageAllocator {
  #highWater: number;

  constructor(options: { readonly highWater: number }) {
    this.#highWater = options.highWater;
  }

  /** The first page number never used. */
  get highWater(): number {
    return this.#highWater;
  }

  /** The first of `pages` page numbers in a row. */
  allocate(pages: number): number {
    const first = this.#highWater;
    this.#highWater += pages;
    return first;
  }
}
