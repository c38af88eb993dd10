import { Damage } from '../damage.ts';
import { decodePageHeader, PAGE_HEADER_SIZE, type Page } from './page.ts';
import type { PageReader } from './page-reader.ts';

/** Bytes of pages in a group, roughly. */
const GROUP_SIZE = 1024 * 1024;
/** Pages this near to each other are read together with what lies between them, bytes. */
const NEAR = 64 * 1024;
/** Shorter runs are read in this thread, bytes. */
const SHORT = 128 * 1024;

/** Pages that are together in memory. */
export interface PageGroup {
  /** In the order they were asked for; in place of a page that cannot be read, why. */
  readonly pages: readonly (Page | Damage)[];
  /** The memory of the pages. Reading another group may reuse it once it was given back. */
  readonly memory: Uint8Array;
}

/** Pages that are read in one go, with what lies between them. */
interface Run {
  /** In ascending order. */
  readonly ids: number[];
  /** The first page number behind what is read. */
  end: number;
}

/**
 * Reads pages by the hundred, wherever they lie: what stands together in the file is read together, the rest page by page.
 * A database that grew in one go is read as fast as a file can be; of one that is scattered hardly more is read than
 * what is asked for.
 */
export class PageGroupReader {
  readonly #pages: PageReader;
  readonly #spares: Uint8Array[] = [];

  constructor(pages: PageReader) {
    this.#pages = pages;
  }

  /** How many pages to ask for at a time. */
  get groupLength(): number {
    return Math.max(1, Math.floor(GROUP_SIZE / this.#pages.meta.pageSize));
  }

  /** Reads pages by number. Rejects when the file cannot be read. */
  async read(ids: readonly number[]): Promise<PageGroup> {
    const { pageSize, highWater } = this.#pages.meta;
    const sound = ids.filter((id) => id >= 2 && id < highWater).sort((a, b) => a - b);
    const runs = runsOf(sound, NEAR / pageSize);
    const memory = this.#memory(runs.reduce((sum, run) => sum + sizeOf(run), 0) * pageSize);
    const found = new Map<number, Page | Damage>();
    let at = 0;
    for (const run of runs) {
      const bytes = memory.subarray(at, at + sizeOf(run) * pageSize);
      await this.#fill(bytes, firstOf(run) * pageSize);
      for (const id of run.ids) {
        found.set(id, await this.#take(id, run, bytes));
      }
      at += bytes.length;
    }
    return { pages: ids.map((id) => found.get(id) ?? this.#pages.outOfBounds(id)), memory };
  }

  /** Takes the memory of a group back, none of whose pages will be looked at again. */
  giveBack(group: PageGroup): void {
    this.#spares.push(group.memory);
  }

  async #fill(target: Uint8Array, offset: number): Promise<void> {
    if (target.length < SHORT) {
      this.#pages.file.readIntoSync(target, offset);
    } else {
      await this.#pages.file.readInto(target, offset);
    }
  }

  /** A page out of a run, or alone when it goes on behind the run. */
  async #take(id: number, run: Run, memory: Uint8Array): Promise<Page | Damage> {
    const { pageSize } = this.#pages.meta;
    const start = (id - firstOf(run)) * pageSize;
    try {
      const origin = { file: this.#pages.path, offset: id * pageSize };
      const header = decodePageHeader(new DataView(memory.buffer, memory.byteOffset + start, PAGE_HEADER_SIZE), origin);
      if (id + header.overflow >= run.end) {
        return await this.#pages.page(id);
      }
      if (header.id !== id) {
        throw new Damage({ ...origin, reason: `page ${id} calls itself page ${header.id}` });
      }
      const bytes = memory.subarray(start, start + (header.overflow + 1) * pageSize);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const { kind, count, overflow } = header;
      return { id, kind, count, overflow, bytes, view, file: origin.file, offset: origin.offset };
    } catch (error) {
      if (error instanceof Damage) {
        return error;
      }
      throw error;
    }
  }

  #memory(size: number): Uint8Array {
    const spare = this.#spares.pop();
    return spare !== undefined && spare.length >= size ? spare : Buffer.allocUnsafeSlow(Math.max(size, GROUP_SIZE));
  }
}

/** Puts page numbers in ascending order into runs; at most `near` pages that nobody asked for lie between two of a run. */
function runsOf(ids: readonly number[], near: number): readonly Run[] {
  const runs: Run[] = [];
  let last: Run | undefined;
  for (const id of ids) {
    if (last === undefined || id - last.end > near) {
      last = { ids: [], end: id };
      runs.push(last);
    }
    last.ids.push(id);
    last.end = id + 1;
  }
  return runs;
}

function firstOf(run: Run): number {
  return run.ids[0] ?? run.end;
}

function sizeOf(run: Run): number {
  return run.end - firstOf(run);
}
