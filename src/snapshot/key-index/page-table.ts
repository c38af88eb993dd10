import { LONGEST_VARINT, writeVarint } from './varint.ts';

/** A leaf page of the `key` bucket, and its keys as fingerprints: see `src/checksum/key-fingerprints.ts`. */
export interface PageKeys {
  /** Page number. */
  readonly page: number;
  /** How many pages it continues over. */
  readonly overflow: number;
  /** 24 bits each. */
  readonly keys: Uint32Array;
  /** Of prefixes that end in a slash, 32 bits each. */
  readonly prefixes: Uint32Array;
}

/** What a lookup looks for: fingerprints of keys and of prefixes. */
export interface WantedFingerprints {
  readonly keys: ReadonlySet<number>;
  readonly prefixes: ReadonlySet<number>;
}

/** A leaf page that may hold what is wanted. */
export type FoundPage = Pick<PageKeys, 'page' | 'overflow'>;

/** Most bytes of a block. */
export const BLOCK_SIZE = 64_000;
/** Fingerprints of one kind in an entry: a page with more has several entries. */
const MOST_IN_ENTRY = 4_000;
/** Bytes of a fingerprint. */
export const KEY_SIZE = 3;
export const PREFIX_SIZE = 4;
const NONE = new Uint32Array(0);

/**
 * Writes the table of leaf pages in blocks that can be read by themselves. An entry is made of numbers as `varint.ts` writes them, and
 * fingerprints, the lowest byte first:
 *
 * ```
 * place    twice the distance from the end of the page before, of 0 for the first of a block, in zigzag; plus 1 when overflow follows
 * overflow how many pages it continues over, when not 0
 * keys     how many fingerprints of keys follow, of 3 bytes each
 * prefixes how many follow: each its place among the prefixes of this block in the order of their appearance, from 0; one that
 *          appears for the first time has the next place, and its fingerprint of 4 bytes follows
 * ```
 */
export class PageTableEncoder {
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #block = new Uint8Array(BLOCK_SIZE);
  readonly #places = new Map<number, number>();
  #used = 0;
  /** The page after the last one. */
  #next = 0;

  /** `onBlock` is given each full block, which is valid during the call. */
  constructor(onBlock: (block: Uint8Array) => void) {
    this.#onBlock = onBlock;
  }

  add(page: PageKeys): void {
    const { keys, prefixes } = page;
    for (let from = 0; from === 0 || from < Math.max(keys.length, prefixes.length); from += MOST_IN_ENTRY) {
      const to = from + MOST_IN_ENTRY;
      // No new arrays for the usual page.
      const part = keys.length <= to && from === 0 ? keys : from < keys.length ? keys.subarray(from, to) : NONE;
      const rest = prefixes.length <= to && from === 0 ? prefixes : prefixes.subarray(from, to);
      this.#addEntry(page, part, rest);
    }
  }

  /** Gives the last block. */
  end(): void {
    if (this.#used > 0) {
      this.#onBlock(this.#block.subarray(0, this.#used));
      this.#used = 0;
      this.#next = 0;
      this.#places.clear();
    }
  }

  #addEntry({ page, overflow }: PageKeys, keys: Uint32Array, prefixes: Uint32Array): void {
    const most = 4 * LONGEST_VARINT + keys.length * KEY_SIZE + prefixes.length * (3 + PREFIX_SIZE);
    if (this.#used + most > BLOCK_SIZE) {
      this.end();
    }
    const block = this.#block;
    const distance = page - this.#next;
    const zigzag = distance < 0 ? -distance * 2 - 1 : distance * 2;
    let at = writeVarint(block, this.#used, zigzag * 2 + (overflow === 0 ? 0 : 1));
    if (overflow !== 0) {
      at = writeVarint(block, at, overflow);
    }
    this.#next = page + overflow + 1;
    at = writeVarint(block, at, keys.length);
    for (const key of keys) {
      block[at++] = key;
      block[at++] = key >>> 8;
      block[at++] = key >>> 16;
    }
    at = writeVarint(block, at, prefixes.length);
    const places = this.#places;
    for (const prefix of prefixes) {
      const place = places.get(prefix);
      if (place !== undefined) {
        at = writeVarint(block, at, place);
        continue;
      }
      at = writeVarint(block, at, places.size);
      places.set(prefix, places.size);
      block[at++] = prefix;
      block[at++] = prefix >>> 8;
      block[at++] = prefix >>> 16;
      block[at++] = prefix >>> 24;
    }
    this.#used = at;
  }
}
