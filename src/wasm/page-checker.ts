import { fileURLToPath } from 'node:url';
import { instantiate, type WasmMemory, type WasmNumber } from './loader.ts';

/** Bytes of leaf pages that are held together. */
const LEAF_AREA_SIZE = 4 * 1024 * 1024;
const WASM_PAGE = 64 * 1024;
/** Bytes of the fingerprints of some pages, enough for those of any: 65,534 records with nine each, and four numbers. */
const FINGERPRINTS_SIZE = 4 * (4 + 0xfffe * 9);
/** Bytes of the fingerprints of the prefixes of one page. */
const PREFIXES_SIZE = 4 * 0xfffe * 8;

/** What `assembly/page-checker.ts` exports; it says what each area of its memory holds. */
interface PageCheckerExports {
  readonly memory: WasmMemory;
  readonly BRANCH: WasmNumber;
  readonly BRANCH_SIZE: WasmNumber;
  readonly MIN: WasmNumber;
  readonly BELOW: WasmNumber;
  readonly BOUND_SIZE: WasmNumber;
  readonly PLACES: WasmNumber;
  readonly IDS: WasmNumber;
  readonly OVERFLOWS: WasmNumber;
  readonly MOST_CHILDREN: WasmNumber;
  readonly PAGES: WasmNumber;
  bound(min: number, below: number): void;
  branch(size: number, highWater: number): number;
  leaves(pageSize: number, changes: number): number;
  checksum(): number;
  records(): number;
  bytes(): number;
  fingerprints(from: number, to: number, end: number, rest: number): number;
  writtenUpTo(): number;
}

/** The keys of the changes in one leaf page, as fingerprints: see `src/checksum/key-fingerprints.ts`. Some may be there twice. */
export interface LeafKeys {
  /** Page number. */
  readonly page: number;
  /** How many pages it continues over. */
  readonly overflow: number;
  readonly keys: Uint32Array;
  /** Of prefixes that end in a slash. */
  readonly prefixes: Uint32Array;
}

/** What the records of some leaf pages, in order, add up to. */
export interface LeafSum {
  readonly records: number;
  /** CRC-32C over their keys and values. */
  readonly checksum: number;
  /** Bytes of these. */
  readonly bytes: number;
}

/**
 * Checks a branch page and the leaf pages below it, one branch at a time, in WebAssembly: 4.2 MiB of memory, and up to 4.4 more for fingerprints.
 * The result is "sound" or "not proved sound"; the TypeScript check then finds what is damaged or unusual.
 */
export class WasmPageChecker {
  /** Room for the leaf pages. */
  readonly pages: Uint8Array<ArrayBuffer>;
  readonly #module: PageCheckerExports;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #places: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #overflows: Uint32Array;

  constructor() {
    const module = instantiate({
      asset: 'page-checker.wasm',
      file: () => fileURLToPath(new URL('../../.cache/native/page-checker.wasm', import.meta.url)),
    }) as PageCheckerExports;
    const missing =
      module.PAGES.value + LEAF_AREA_SIZE + FINGERPRINTS_SIZE + PREFIXES_SIZE - module.memory.buffer.byteLength;
    if (missing > 0) {
      module.memory.grow(Math.ceil(missing / WASM_PAGE));
    }
    const { buffer } = module.memory;
    const most = module.MOST_CHILDREN.value;
    this.#module = module;
    this.#memory = new Uint8Array(buffer);
    this.#places = new Uint32Array(buffer, module.PLACES.value, 2 * most);
    this.#ids = new Uint32Array(buffer, module.IDS.value, most);
    this.#overflows = new Uint32Array(buffer, module.OVERFLOWS.value, most);
    this.pages = new Uint8Array(buffer, module.PAGES.value, LEAF_AREA_SIZE);
  }

  /**
   * Takes a branch page whose keys have to be `min` or larger, and smaller than `below`. Returns the page numbers of its
   * children, from 2 up to `highWater`; undefined when something is wrong with the branch or unusual.
   */
  children(
    branch: Uint8Array,
    bounds: { readonly min: Uint8Array | undefined; readonly below: Uint8Array | undefined },
    highWater: number,
  ): Uint32Array | undefined {
    const { min, below } = bounds;
    const { BRANCH, BRANCH_SIZE, MIN, BELOW, BOUND_SIZE } = this.#module;
    if (branch.length > BRANCH_SIZE.value || Math.max(min?.length ?? 0, below?.length ?? 0) > BOUND_SIZE.value) {
      return undefined;
    }
    this.#memory.set(min ?? [], MIN.value);
    this.#memory.set(below ?? [], BELOW.value);
    this.#module.bound(min?.length ?? -1, below?.length ?? -1);
    this.#memory.set(branch, BRANCH.value);
    const count = this.#module.branch(branch.length, highWater);
    return count === 0 ? undefined : this.#ids.subarray(0, count);
  }

  /** Says that the page of a child begins at byte `start` of {@link pages}, and that what was read with it ends at `end`. */
  place(child: number, start: number, end: number): void {
    this.#places[child * 2] = this.pages.byteOffset + start;
    this.#places[child * 2 + 1] = this.pages.byteOffset + end;
  }

  /** True when the pages of all children are sound leaves with plain values; with `changes`, records of changes of keys. */
  leavesAreSound(pageSize: number, records: 'changes' | 'any'): boolean {
    return this.#module.leaves(pageSize, records === 'changes' ? 1 : 0) === 1;
  }

  /** How many pages the page of a child continues over; known after {@link leavesAreSound}. */
  overflow(child: number): number {
    return this.#overflows[child] ?? 0;
  }

  /** Sums up the leaves that {@link leavesAreSound} has just found sound. */
  sum(): LeafSum {
    const checksum = this.#module.checksum() >>> 0;
    return { checksum, records: this.#module.records(), bytes: this.#module.bytes() };
  }

  /** The keys of the leaves that {@link leavesAreSound} has just found sound with `changes`, page by page. */
  keys(children: number): readonly LeafKeys[] {
    const start = this.#module.PAGES.value + LEAF_AREA_SIZE;
    const end = start + FINGERPRINTS_SIZE;
    const all: LeafKeys[] = [];
    for (let child = 0; child < children; ) {
      child = this.#module.fingerprints(child, start, end, end);
      const written = (this.#module.writtenUpTo() - start) / 4;
      const words = new Uint32Array(this.pages.buffer, start, written).slice();
      for (let at = 0; at < written; ) {
        const [page = 0, overflow = 0, keys = 0, prefixes = 0] = words.subarray(at, at + 4);
        const middle = at + 4 + keys;
        at = middle + prefixes;
        all.push({ page, overflow, keys: words.subarray(middle - keys, middle), prefixes: words.subarray(middle, at) });
      }
    }
    return all;
  }
}
