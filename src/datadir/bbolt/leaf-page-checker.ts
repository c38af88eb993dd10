import { type LeafKeys, type LeafSum, WasmPageChecker } from '../../wasm/page-checker.ts';
import type { KeyBounds } from './key-bounds.ts';
import type { Page } from './page.ts';
import type { PageReader } from './page-reader.ts';

/** Pages this near to each other are read together with those between them, bytes. */
const NEAR = 64 * 1024;

/** Byte of a page that says how many pages it continues over. */
const OVERFLOW_AT = 12;

/** What the records of a bucket are: changes of keys as etcd writes them, or anything. */
export type RecordKind = 'changes' | 'any';

/** Where the leaves of a branch are read from, and what their records have to be. */
export interface LeafSource {
  readonly pages: PageReader;
  readonly records: RecordKind;
}

/** A leaf page that was found sound: where it begins, and how many pages it continues over. */
export interface SoundLeaf {
  readonly id: number;
  readonly overflow: number;
}

/** Checks a branch and all leaf pages below it together. */
export interface LeafChecker {
  /**
   * The leaves below a branch when the branch and all of them are sound, hold plain values, and their records are of the
   * kind that `from` names; otherwise undefined, and nothing is known. Throws only what the file system throws.
   */
  soundLeaves(branch: Page, bounds: KeyBounds, from: LeafSource): readonly SoundLeaf[] | undefined;
  /** Sums up the leaves that {@link soundLeaves} has just found sound. */
  sum(): LeafSum;
  /** The keys of the changes in them; they have to be `changes`. */
  keys(): readonly LeafKeys[];
}

/** The {@link LeafChecker} that reads leaves near to each other at once and checks them in WebAssembly. */
export class LeafPageChecker implements LeafChecker {
  readonly #checker = new WasmPageChecker();
  #leaves = 0;

  soundLeaves(branch: Page, bounds: KeyBounds, from: LeafSource): readonly SoundLeaf[] | undefined {
    const { pages, records } = from;
    const { pageSize, highWater } = pages.meta;
    const ids = this.#checker.children(branch.bytes, bounds, highWater);
    if (ids === undefined || !this.#read(ids, pages) || !this.#checker.leavesAreSound(pageSize, records)) {
      return undefined;
    }
    this.#leaves = ids.length;
    const leaves: SoundLeaf[] = [];
    for (let child = 0; child < ids.length; child++) {
      leaves.push({ id: ids[child] ?? 0, overflow: this.#checker.overflow(child) });
    }
    return leaves;
  }

  sum(): LeafSum {
    return this.#checker.sum();
  }

  keys(): readonly LeafKeys[] {
    return this.#checker.keys(this.#leaves);
  }

  /** Reads the pages with these numbers; false when there is no room for them. */
  #read(ids: Uint32Array, pages: PageReader): boolean {
    const checker = this.#checker;
    const memory = checker.pages;
    const { pageSize, highWater } = pages.meta;
    const order = inFileOrder(ids);
    const idAt = (index: number): number => ids[order?.[index] ?? index] ?? 0;
    let at = 0;
    for (let first = 0; first < ids.length; ) {
      const start = idAt(first);
      let last = first;
      while (last + 1 < ids.length && (idAt(last + 1) - idAt(last)) * pageSize <= NEAR) {
        last++;
      }
      let end = idAt(last) + 1;
      const lastAt = at + (end - 1 - start) * pageSize;
      if (lastAt + pageSize > memory.length) {
        return false;
      }
      pages.file.readIntoSync(memory.subarray(at, lastAt + pageSize), start * pageSize);
      const overflow = new DataView(memory.buffer, memory.byteOffset + lastAt, pageSize).getUint32(OVERFLOW_AT, true);
      if (overflow > 0) {
        end += overflow;
        if (end > highWater || lastAt + (overflow + 1) * pageSize > memory.length) {
          return false;
        }
        const rest = memory.subarray(lastAt + pageSize, lastAt + (overflow + 1) * pageSize);
        pages.file.readIntoSync(rest, (end - overflow) * pageSize);
      }
      const endAt = at + (end - start) * pageSize;
      for (let index = first; index <= last; index++) {
        const child = order?.[index] ?? index;
        checker.place(child, at + ((ids[child] ?? 0) - start) * pageSize, endAt);
      }
      at = endAt;
      first = last + 1;
    }
    return true;
  }
}

/** Indexes of page numbers in ascending order; undefined when they are in that order already. */
function inFileOrder(ids: Uint32Array): Uint32Array | undefined {
  let ascending = true;
  for (let index = 1; index < ids.length && ascending; index++) {
    ascending = (ids[index] ?? 0) >= (ids[index - 1] ?? 0);
  }
  if (ascending) {
    return undefined;
  }
  return Uint32Array.from({ length: ids.length }, (_, index) => index).sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0));
}
