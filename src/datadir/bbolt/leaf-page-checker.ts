import type { KeyBounds } from './key-bounds.ts';
import type { Page } from './page.ts';
import type { PageReader } from './page-reader.ts';

// Areas of the module's memory, see src/wasm/assembly/page-checker.ts.
const BRANCH = 0x10000;
const MIN = 0x20000;
const BELOW = 0x21000;
const PLACES = 0x22000;
const IDS = 0x2a000;
const OVERFLOWS = 0x2e000;
const PAGES = 0x40000;

const LARGEST_BRANCH = MIN - BRANCH;
const LONGEST_BOUND = BELOW - MIN;
/** Bytes of leaf pages that are looked at together. */
const ROOM = 4 * 1024 * 1024;
const WASM_PAGE = 64 * 1024;
/** Pages this near to each other are read together with what lies between them, bytes. */
const NEAR = 64 * 1024;

/** What src/wasm/assembly/page-checker.ts exports. */
export interface PageCheckerExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  bound(min: number, below: number): void;
  branch(size: number, highWater: number): number;
  leaves(pageSize: number, changes: number): number;
  checksum(): number;
  records(): number;
  bytes(): number;
}

/** What the records of some leaves, in order, come to. */
export interface LeafSum {
  readonly records: number;
  /** CRC-32C over their keys and values. */
  readonly checksum: number;
  /** Bytes of these. */
  readonly bytes: number;
}

/** A leaf page that was found sound: where it begins, and how many pages it goes on over. */
export interface SoundLeaf {
  readonly id: number;
  readonly overflow: number;
}

/**
 * Checks a branch and the leaf pages below it at once, in WebAssembly.
 * It says only whether all is sound. What is damaged, and all that is unusual, the check page by page has to find out.
 */
export class LeafPageChecker {
  readonly #module: PageCheckerExports;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #places: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #overflows: Uint32Array;

  /** Takes an instance of the module for itself. */
  constructor(module: PageCheckerExports) {
    const missing = PAGES + ROOM - module.memory.buffer.byteLength;
    if (missing > 0) {
      module.memory.grow(Math.ceil(missing / WASM_PAGE));
    }
    const { buffer } = module.memory;
    this.#module = module;
    this.#memory = new Uint8Array(buffer);
    this.#places = new Uint32Array(buffer, PLACES, (IDS - PLACES) / 4);
    this.#ids = new Uint32Array(buffer, IDS, (OVERFLOWS - IDS) / 4);
    this.#overflows = new Uint32Array(buffer, OVERFLOWS, (PAGES - OVERFLOWS) / 4);
  }

  /**
   * The leaves below a branch when that and all of them are sound, with plain values, and `records` are what they have
   * to be; otherwise undefined, and nothing is known. Rejects nothing but what the file system throws.
   */
  soundLeaves(
    branch: Page,
    bounds: KeyBounds,
    from: { readonly pages: PageReader; readonly records: 'changes' | 'any' },
  ): readonly SoundLeaf[] | undefined {
    const { pages, records } = from;
    const { pageSize, highWater } = pages.meta;
    if (branch.bytes.length > LARGEST_BRANCH || !this.#setBounds(bounds)) {
      return undefined;
    }
    this.#memory.set(branch.bytes, BRANCH);
    const count = this.#module.branch(branch.bytes.length, highWater);
    if (count === 0 || !this.#read(count, pages)) {
      return undefined;
    }
    if (this.#module.leaves(pageSize, records === 'changes' ? 1 : 0) === 0) {
      return undefined;
    }
    const leaves: SoundLeaf[] = [];
    for (let index = 0; index < count; index++) {
      leaves.push({ id: this.#ids[index] ?? 0, overflow: this.#overflows[index] ?? 0 });
    }
    return leaves;
  }

  /** Sums up the leaves that {@link soundLeaves} has just found sound. */
  sum(): LeafSum {
    const checksum = this.#module.checksum() >>> 0;
    return { checksum, records: this.#module.records(), bytes: this.#module.bytes() };
  }

  #setBounds({ min, below }: KeyBounds): boolean {
    if (Math.max(min?.length ?? 0, below?.length ?? 0) > LONGEST_BOUND) {
      return false;
    }
    this.#memory.set(min ?? [], MIN);
    this.#memory.set(below ?? [], BELOW);
    this.#module.bound(min?.length ?? -1, below?.length ?? -1);
    return true;
  }

  /** Reads the first `count` pages of IDS and writes PLACES; false when there is no room for them. */
  #read(count: number, pages: PageReader): boolean {
    const { pageSize, highWater } = pages.meta;
    const order = this.#inFileOrder(count);
    let at = PAGES;
    for (let first = 0; first < count; ) {
      const start = this.#idAt(order, first);
      let last = first;
      while (last + 1 < count && (this.#idAt(order, last + 1) - this.#idAt(order, last)) * pageSize <= NEAR) {
        last++;
      }
      let end = this.#idAt(order, last) + 1;
      const lastAt = at + (end - 1 - start) * pageSize;
      if (lastAt + pageSize > PAGES + ROOM) {
        return false;
      }
      pages.file.readIntoSync(this.#memory.subarray(at, lastAt + pageSize), start * pageSize);
      const overflow = new DataView(this.#memory.buffer, lastAt, pageSize).getUint32(12, true);
      if (overflow > 0) {
        end += overflow;
        if (end > highWater || lastAt + (overflow + 1) * pageSize > PAGES + ROOM) {
          return false;
        }
        const rest = this.#memory.subarray(lastAt + pageSize, lastAt + (overflow + 1) * pageSize);
        pages.file.readIntoSync(rest, (end - overflow) * pageSize);
      }
      const endAt = at + (end - start) * pageSize;
      for (let index = first; index <= last; index++) {
        const child = order?.[index] ?? index;
        this.#places[child * 2] = at + ((this.#ids[child] ?? 0) - start) * pageSize;
        this.#places[child * 2 + 1] = endAt;
      }
      at = endAt;
      first = last + 1;
    }
    return true;
  }

  /** Indexes of the children by page number; undefined when they are in that order already. */
  #inFileOrder(count: number): Uint32Array | undefined {
    let ascending = true;
    for (let index = 1; index < count && ascending; index++) {
      ascending = (this.#ids[index] ?? 0) >= (this.#ids[index - 1] ?? 0);
    }
    if (ascending) {
      return undefined;
    }
    return Uint32Array.from({ length: count }, (_, index) => index).sort(
      (a, b) => (this.#ids[a] ?? 0) - (this.#ids[b] ?? 0),
    );
  }

  #idAt(order: Uint32Array | undefined, index: number): number {
    return this.#ids[order?.[index] ?? index] ?? 0;
  }
}
