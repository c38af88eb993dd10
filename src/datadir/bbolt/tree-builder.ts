import { BranchPacker, type Child } from './branch-packer.ts';
import { writeEmptyPage } from './empty-page.ts';
import type { PageAllocator } from './page-allocator.ts';
import type { PageSink } from './page-sink.ts';

/**
 * Builds the branch pages above leaf pages that arrive in key order. Only the rightmost page of each level is in memory.
 */
export class TreeBuilder {
  readonly #allocator: PageAllocator;
  readonly #sink: PageSink;
  /** Packers of branch levels, lowest first. */
  readonly #levels: BranchPacker[] = [];

  /** Leaves that were added before it was known what they follow. */
  #waiting: Child[] | undefined = [];

  /** {@link continueFrom} must be called once, before {@link finish}. */
  constructor(allocator: PageAllocator, sink: PageSink) {
    this.#allocator = allocator;
    this.#sink = sink;
  }

  /** Leaves added so far, until {@link continueFrom} takes them. */
  get waiting(): readonly Child[] {
    return this.#waiting ?? [];
  }

  /**
   * Sets what the leaves follow: the children of the rightmost branch pages of an existing tree, lowest level first; empty for
   * a new tree.
   */
  continueFrom(levels: readonly (readonly Child[])[]): void {
    for (const [level, children] of levels.entries()) {
      for (const child of children) {
        this.#level(level).add(child);
      }
    }
    for (const leaf of this.#waiting ?? []) {
      this.#level(0).add(leaf);
    }
    this.#waiting = undefined;
  }

  /** True when {@link drain} should be awaited before more leaves are added. */
  get due(): boolean {
    return this.#waiting === undefined && (this.#levels[0]?.due ?? false);
  }

  /** Adds the next leaf page. The key is kept, not copied. */
  add(leaf: Child): void {
    if (this.#waiting === undefined) {
      this.#level(0).add(leaf);
    } else {
      this.#waiting.push(leaf);
    }
  }

  /** Writes the branch pages that are full. */
  async drain(): Promise<void> {
    for (let level = 0; level < this.#levels.length; level++) {
      if (this.#level(level).due) {
        for (const page of await this.#level(level).emitFull()) {
          this.#level(level + 1).add(page);
        }
      }
    }
  }

  /** Writes what is left and gives the page number of the root; without any leaf it is an empty leaf page. */
  async finish(): Promise<number> {
    for (let level = 0; level < this.#levels.length; level++) {
      const { only } = this.#level(level);
      if (only !== undefined && level === this.#levels.length - 1) {
        return only.page;
      }
      for (const page of await this.#level(level).emitRest()) {
        this.#level(level + 1).add(page);
      }
    }
    return await writeEmptyPage('leaf', this.#allocator, this.#sink);
  }

  #level(index: number): BranchPacker {
    const existing = this.#levels[index];
    if (existing !== undefined) {
      return existing;
    }
    const packer = new BranchPacker(this.#allocator, this.#sink);
    this.#levels[index] = packer;
    return packer;
  }
}
