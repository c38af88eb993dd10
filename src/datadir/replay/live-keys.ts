import type { KeyRange } from './key-range.ts';
import { SortedKeys } from './sorted-keys.ts';

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
  /** The same keys, sorted; undefined until a range is asked for. */
  #sorted: SortedKeys | undefined;

  get(key: string): LiveKey | undefined {
    return this.#keys.get(key);
  }

  set(key: string, state: LiveKey): void {
    if (this.#sorted !== undefined && !this.#keys.has(key)) {
      this.#sorted.add(key);
    }
    this.#keys.set(key, state);
  }

  delete(key: string): void {
    if (this.#keys.delete(key)) {
      this.#sorted?.delete(key);
    }
  }

  /** The keys of a range that exist, ascending. */
  inRange(range: KeyRange): readonly string[] {
    if (range.to === `${range.from}\0`) {
      return this.#keys.has(range.from) ? [range.from] : [];
    }
    this.#sorted ??= new SortedKeys(this.#keys.keys());
    return this.#sorted.between(range.from, range.to);
  }
}
