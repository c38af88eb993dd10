import { decodeMeta, encodeMeta } from '../../../src/datadir/bbolt/meta.ts';
import { seededRandom } from '../fixtures/byte-streams.ts';

/** Position of a page number in a page, bytes. */
const CHILD = 8;

/**
 * The same database with its pages in another, random order, as after years of writes. It must keep no freelist
 * that names pages, and its buckets must not be inline.
 */
export function scatterPages(database: Buffer, options: { readonly pageSize: number; readonly seed: number }): Buffer {
  const { pageSize, seed } = options;
  const random = seededRandom(seed);
  const runs: { readonly id: number; readonly pages: number }[] = [];
  for (let id = 2; id * pageSize < database.length; ) {
    const pages = database.readUInt32LE(id * pageSize + 12) + 1;
    runs.push({ id, pages });
    id += pages;
  }
  const places = new Map<number, number>();
  let next = 2;
  const order = runs.map((run) => ({ run, at: random() })).toSorted((a, b) => a.at - b.at);
  for (const { run } of order) {
    places.set(run.id, next);
    next += run.pages;
  }
  const result = Buffer.alloc(database.length);
  const move = (at: number): void => {
    const to = places.get(result.readUInt32LE(at));
    if (to === undefined) {
      throw new Error(`byte ${at} names no page`);
    }
    result.writeUInt32LE(to, at);
  };
  for (const { id, pages } of runs) {
    const start = (places.get(id) ?? 0) * pageSize;
    database.copy(result, start, id * pageSize, (id + pages) * pageSize);
    move(start);
    const kind = result.readUInt16LE(start + 8);
    for (let index = 0; index < result.readUInt16LE(start + 10); index++) {
      const element = start + 16 + index * 16;
      if (kind === 1) {
        move(element + CHILD);
      } else if (kind === 2 && result.readUInt32LE(element) === 1) {
        move(element + result.readUInt32LE(element + 4) + result.readUInt32LE(element + 8));
      }
    }
  }
  for (const id of [0, 1] as const) {
    const meta = decodeMeta(viewOf(database, id * pageSize), { file: '', offset: 0 });
    const root = { ...meta.root, page: places.get(meta.root.page) ?? 0 };
    const freelist = meta.freelist === undefined ? undefined : places.get(meta.freelist);
    encodeMeta(viewOf(result, id * pageSize), id, { ...meta, root, freelist });
  }
  return result;
}

function viewOf(bytes: Buffer, at: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 80);
}
