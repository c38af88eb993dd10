import type { KeyRange } from './key-range.ts';

/** The newest version of a key that exists. */
export interface LiveKey {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0n for none. */
  readonly lease: bigint;
  /** Undefined when no request of the log reads it. */
  readonly value: Uint8Array | undefined;
}

/** Keys that exist, in order. Keys are byte strings. */
export class LiveKeys {
  readonly #keys = new Map<string, LiveKey>();
  /** Every key that was ever set, sorted; undefined until a range is asked for. */
  #sorted: string[] | undefined;

  get(key: string): LiveKey | undefined {
    return this.#keys.get(key);
  }

  set(key: string, state: LiveKey): void {
    if (this.#sorted !== undefined && !this.#keys.has(key)) {
      const place = lowerBound(this.#sorted, key);
      if (this.#sorted[place] !== key) {
        this.#sorted.splice(place, 0, key);
      }
    }
    this.#keys.set(key, state);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  /** The keys of a range that exist, ascending. */
  inRange(range: KeyRange): readonly string[] {
    if (range.to === `${range.from}\0`) {
      return this.#keys.has(range.from) ? [range.from] : [];
    }
    this.#sorted ??= [...this.#keys.keys()].sort();
    const end = range.to === undefined ? this.#sorted.length : lowerBound(this.#sorted, range.to);
    return this.#sorted.slice(lowerBound(this.#sorted, range.from), end).filter((key) => this.#keys.has(key));
  }
}

/** Index of the first key that is `key` or larger. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at !== undefined && at < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
