import { type FoundPage, KEY_SIZE, PREFIX_SIZE, type WantedFingerprints } from './page-table.ts';
import { VarintReader } from './varint.ts';

/** So many fingerprints are looked for in the bytes of a block before its entries are read. */
const FEW = 16;

/**
 * Looks for what is wanted in the blocks of a page table, one after the other. A block without the bytes of a wanted fingerprint holds
 * nothing that is wanted; of a few fingerprints that is seen at once, and the hundred thousands of entries need not be read.
 */
export class PageFinder {
  readonly #keys: ReadonlySet<number>;
  readonly #prefixes: ReadonlySet<number>;
  /** Those of what is wanted; undefined where they are many. */
  readonly #patterns: readonly Buffer[] | undefined;
  readonly #found = new Map<number, FoundPage>();

  constructor({ keys, prefixes }: WantedFingerprints) {
    this.#keys = keys;
    this.#prefixes = prefixes;
    this.#patterns =
      keys.size + prefixes.size <= FEW
        ? [...patternsOf(keys, KEY_SIZE), ...patternsOf(prefixes, PREFIX_SIZE)]
        : undefined;
  }

  /** The pages that may hold what is wanted, in the order of the table. */
  get found(): readonly FoundPage[] {
    return [...this.#found.values()];
  }

  /** Takes the next block. Throws a RangeError for what is no block, where it is read. */
  add(block: Uint8Array): void {
    if (this.#patterns !== undefined) {
      const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
      if (!this.#patterns.some((pattern) => bytes.includes(pattern))) {
        return;
      }
    }
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

  /** Whether one of `count` fingerprints of keys from `start` on is wanted. */
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

function patternsOf(fingerprints: ReadonlySet<number>, size: number): readonly Buffer[] {
  return Array.from(fingerprints, (fingerprint) => {
    const pattern = Buffer.alloc(size);
    pattern.writeUIntLE(fingerprint, 0, size);
    return pattern;
  });
}
