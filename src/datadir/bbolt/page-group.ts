import { Damage } from '../damage.ts';
import { decodePageHeader, FIRST_DATA_PAGE, PAGE_HEADER_SIZE, type Page } from './page.ts';
import type { PageReader } from './page-reader.ts';

/** Bytes of pages in a group, roughly. */
const GROUP_SIZE = 1024 * 1024;
/** Pages this near to each other are read together with those between them, bytes. */
const NEAR = 64 * 1024;
/** Shorter runs are read in this thread, bytes. */
const SHORT = 128 * 1024;

/** Bytes of pages that continue over others, after which a group ends. */
const MOST_OVERFLOWING = 4 * 1024 * 1024;
/** Longer pages get memory of their own, bytes. */
const LONGEST_POOLED = 8 * 1024 * 1024;
/** Pieces of memory kept for the next group. */
const MOST_SPARES = 12;

/** Pages that are together in memory. */
export interface PageGroup {
  /**
   * The first of those that were asked for, in that order, at least one; in place of a page that cannot be read, why.
   * Long pages make a group short, so that memory stays bounded.
   */
  readonly pages: readonly (Page | Damage)[];
  /** The memory of the pages. Reading another group may reuse it once it was given back. */
  readonly memory: readonly Uint8Array[];
}

/** Pages that are read in one go, with those between them. */
interface Run {
  /** In ascending order. */
  readonly ids: number[];
  /** The first page number after what is read. */
  end: number;
}

/** Where the first bytes of a page are in memory. */
interface Place {
  readonly run: Run;
  /** Bytes of the run. */
  readonly bytes: Uint8Array;
}

/**
 * Reads pages by the hundred, wherever they are: neighbours in the file are read together, the others page by page.
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

  /** Reads the first of some pages by number. Rejects when the file cannot be read. */
  async read(ids: readonly number[]): Promise<PageGroup> {
    const { pageSize, highWater } = this.#pages.meta;
    const sound = ids.filter((id) => id >= FIRST_DATA_PAGE && id < highWater).sort((a, b) => a - b);
    const runs = runsOf(sound, NEAR / pageSize);
    const heads = this.#memory(runs.reduce((sum, run) => sum + sizeOf(run), 0) * pageSize);
    const places = new Map<number, Place>();
    let at = 0;
    for (const run of runs) {
      const bytes = heads.subarray(at, at + sizeOf(run) * pageSize);
      await this.#fill(bytes, firstOf(run) * pageSize);
      for (const id of run.ids) {
        places.set(id, { run, bytes });
      }
      at += bytes.length;
    }
    const memory = [heads];
    const pages: (Page | Damage)[] = [];
    let overflowing = 0;
    for (const id of ids) {
      const place = places.get(id);
      // Nearly all pages are in a run: no promise for those.
      const page =
        place === undefined
          ? this.#pages.outOfBounds(id)
          : (this.#inRun(id, place) ?? (await this.#continued(id, place, memory)));
      pages.push(page);
      overflowing += page instanceof Damage || page.overflow === 0 ? 0 : page.bytes.length;
      if (overflowing >= MOST_OVERFLOWING) {
        break;
      }
    }
    return { pages, memory };
  }

  /** Takes the memory of a group back, whose pages are not used any more. */
  giveBack(group: PageGroup): void {
    this.#spares.push(...group.memory);
    this.#spares.splice(MOST_SPARES);
  }

  async #fill(target: Uint8Array, offset: number): Promise<void> {
    if (target.length < SHORT) {
      this.#pages.file.readIntoSync(target, offset);
    } else {
      await this.#pages.file.readInto(target, offset);
    }
  }

  /** A page out of a run; undefined when it continues after the run. */
  #inRun(id: number, { run, bytes: ofRun }: Place): Page | Damage | undefined {
    const { pageSize } = this.#pages.meta;
    const start = (id - firstOf(run)) * pageSize;
    const offset = id * pageSize;
    const file = this.#pages.path;
    try {
      const head = new DataView(ofRun.buffer, ofRun.byteOffset + start, pageSize);
      const { id: named, kind, count, overflow } = decodePageHeader(head, { file, offset });
      if (named !== id) {
        return new Damage({ file, offset, reason: `page ${id} has the header of page ${named}` });
      }
      if (id + overflow >= run.end) {
        return undefined;
      }
      const bytes = ofRun.subarray(start, start + (overflow + 1) * pageSize);
      const view = overflow === 0 ? head : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return { id, kind, count, overflow, bytes, view, file, offset };
    } catch (error) {
      return damageOf(error);
    }
  }

  /** A page that continues after its run, in memory of its own, which is added to `memory` unless it is very long. */
  async #continued(id: number, { run, bytes: ofRun }: Place, memory: Uint8Array[]): Promise<Page | Damage> {
    const { pageSize, highWater } = this.#pages.meta;
    try {
      const offset = id * pageSize;
      const origin = { file: this.#pages.path, offset };
      const head = new DataView(ofRun.buffer, ofRun.byteOffset + (id - firstOf(run)) * pageSize, PAGE_HEADER_SIZE);
      const { kind, count, overflow } = decodePageHeader(head, origin);
      const size = (overflow + 1) * pageSize;
      if (id + overflow >= highWater || size > LONGEST_POOLED) {
        return await this.#pages.page(id);
      }
      const own = this.#memory(size);
      memory.push(own);
      const bytes = own.subarray(0, size);
      await this.#fill(bytes, offset);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return { id, kind, count, overflow, bytes, view, ...origin };
    } catch (error) {
      return damageOf(error);
    }
  }

  #memory(size: number): Uint8Array {
    const fitting = this.#spares.findIndex((spare) => spare.length >= size);
    const [spare] = fitting < 0 ? [] : this.#spares.splice(fitting, 1);
    return spare ?? Buffer.allocUnsafeSlow(Math.max(1, Math.ceil(size / GROUP_SIZE)) * GROUP_SIZE);
  }
}

/** Puts page numbers in ascending order into runs; at most `near` pages that were not asked for are between two of a run. */
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

function damageOf(error: unknown): Damage {
  if (error instanceof Damage) {
    return error;
  }
  throw error;
}

function firstOf(run: Run): number {
  return run.ids[0] ?? run.end;
}

function sizeOf(run: Run): number {
  return run.end - firstOf(run);
}
