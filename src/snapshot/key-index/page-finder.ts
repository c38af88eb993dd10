import { type FoundPage, KEY_SIZE, PREFIX_SIZE, type WantedFingerprints } from './page-table.ts';
import { VarintReader } from './varint.ts';

/** Which fingerprints of keys are wanted. Most are told apart by their lower bits, without a look at the set. */
class WantedKeyBits {
  readonly #keys: ReadonlySet<number>;
  readonly #bits = new Uint8Array(1 << 13);

  constructor(keys: ReadonlySet<number>) {
    this.#keys = keys;
    for (const key of keys) {
      const at = (key >>> 3) & 0x1fff;
      this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (key & 7));
    }
  }

  has(key: number): boolean {
    return ((this.#bits[(key >>> 3) & 0x1fff] ?? 0) & (1 << (key & 7))) !== 0 && this.#keys.has(key);
  }
}

/** Looks for what is wanted in the blocks of a page table, one after the other. */
export class PageFinder {
  readonly #keys: WantedKeyBits;
  readonly #prefixes: ReadonlySet<number>;
  readonly #found = new Map<number, FoundPage>();

  constructor({ keys, prefixes }: WantedFingerprints) {
    this.#keys = new WantedKeyBits(keys);
    this.#prefixes = prefixes;
  }

  /** The pages that may hold what is wanted, in the order of the table. */
  get found(): readonly FoundPage[] {
    return [...this.#found.values()];
  }

  /** Takes the next block. Throws a RangeError for what is no block. */
  add(block: Uint8Array): void {
    const reader = new VarintReader(block);
    let next = 0;
    /** Places of wanted prefixes. */
    const places = new Set<number>();
    let known = 0;
    while (!reader.isAtEnd) {
      const head = reader.number();
      const zigzag = Math.floor(head / 2);
      const distance = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      const page = next + distance;
      const overflow = head % 2 === 0 ? 0 : reader.number();
      next = page + overflow + 1;
      const count = reader.number();
      let isWanted = this.#holds(block, reader.skip(count * KEY_SIZE), count);
      for (let left = reader.number(); left > 0; left--) {
        const place = reader.number();
        if (place > known) {
          throw new RangeError(`prefix ${place} of ${known}`);
        }
        if (place === known) {
          known += 1;
          if (this.#prefixes.has(reader.fixed(PREFIX_SIZE))) {
            places.add(place);
          }
        }
        isWanted = isWanted || places.has(place);
      }
      if (isWanted && !this.#found.has(page)) {
        this.#found.set(page, { page, overflow });
      }
    }
  }

  /** Whether one of `count` fingerprints of keys from `start` on is wanted. There are a million of them in a full of 1 GiB. */
  #holds(block: Uint8Array, start: number, count: number): boolean {
    const keys = this.#keys;
    const end = start + count * KEY_SIZE;
    for (let at = start; at < end; at += KEY_SIZE) {
      const key = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8) | ((block[at + 2] ?? 0) << 16);
      if (keys.has(key)) {
        return true;
      }
    }
    return false;
  }
}
