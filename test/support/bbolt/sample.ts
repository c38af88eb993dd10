import { readFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { decodeMeta, encodeMeta } from '../../../src/datadir/bbolt/meta.ts';
import { encodePageHeader } from '../../../src/datadir/bbolt/page.ts';
import { twoLevelDatabase } from '../datadir/two-level-database.ts';

/** A sound database and the numbers of its pages. */
export interface BboltSample {
  readonly bytes: Buffer;
  readonly pageSize: number;
  /** Pages below the high water mark. */
  readonly pages: number;
  /** Pages from 2 on that are in use, without the freelist and overflow pages. */
  readonly used: readonly number[];
  /** Those of them that refer to other pages. */
  readonly branches: readonly number[];
  /** The page that lists the free ones; the last one. */
  readonly freelist: number;
}

/** A golden database with a `key` bucket of two levels, which keeps a freelist. */
export async function bboltSample(): Promise<BboltSample> {
  using dir = makeTempDir();
  const signal = AbortSignal.timeout(60_000);
  const path = await twoLevelDatabase(dir);
  await using database = await Database.open(path);
  const { highWater, pageSize } = database.meta;
  const { usedPages } = await checkDatabase(database, { signal });
  const ids = Array.from({ length: highWater - 2 }, (_, at) => at + 2);
  const free = ids.filter((id) => !usedPages.has(id));
  const inUse = readFileSync(path).subarray(0, highWater * pageSize);
  const bytes = Buffer.concat([inUse, freelistPage(highWater, free, pageSize)]);
  for (const id of [0, 1] as const) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + id * pageSize, pageSize);
    const meta = decodeMeta(view, { file: path, offset: id * pageSize });
    encodeMeta(view, id, { ...meta, freelist: highWater, highWater: highWater + 1 });
  }
  const used: number[] = [];
  for (let id = 2; id < highWater; id += 1 + (usedPages.has(id) ? bytes.readUInt32LE(id * pageSize + 12) : 0)) {
    if (usedPages.has(id)) {
      used.push(id);
    }
  }
  const branches = used.filter((id) => bytes.readUInt16LE(id * pageSize + 8) === BRANCH);
  return { bytes, pageSize, pages: highWater + 1, used, branches, freelist: highWater };
}

/** The flag of a branch page. */
const BRANCH = 1;

function freelistPage(id: number, free: readonly number[], pageSize: number): Buffer {
  const page = Buffer.alloc(pageSize);
  const view = new DataView(page.buffer, page.byteOffset, pageSize);
  encodePageHeader(view, { id, kind: 'freelist', count: free.length, overflow: 0 });
  for (const [at, page] of free.entries()) {
    view.setBigUint64(16 + at * 8, BigInt(page), true);
  }
  return page;
}
