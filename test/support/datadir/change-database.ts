import { readFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { FreshDatabase } from '../../../src/datadir/bbolt/fresh-database.ts';
import { ChangeEncoder } from '../../../src/datadir/mvcc/change-encoder.ts';

/** Bytes of a page of {@link changeDatabase}. */
export const PAGE_SIZE = 4096;

/**
 * The bytes of a database with this many changes in its `key` bucket, from revision 2 on: puts and deletes, three a
 * transaction, some of them over several pages.
 */
export async function changeDatabase(count: number): Promise<Buffer> {
  using dir = makeTempDir();
  await using fresh = await FreshDatabase.create(dir.join('db'), { pageSize: PAGE_SIZE });
  const encoder = new ChangeEncoder({ after: 1, bytes: 1024 });
  for (let at = 0; at < count; at++) {
    const size = at % 50 === 7 ? 20_000 : at % 90;
    const source = Buffer.concat([Buffer.from(`/registry/pods/pod-${at}`), Buffer.alloc(size, at)]);
    const keyEnd = source.length - size;
    encoder.add(source, {
      isDelete: at % 7 === 3,
      keyStart: 0,
      keyEnd,
      valueStart: keyEnd,
      valueEnd: source.length,
      createRevision: 2,
      modRevision: 2 + Math.floor(at / 3),
      version: 1 + at,
      lease: at % 5 === 0 ? -5n : 0n,
    });
  }
  async function* batches() {
    yield encoder.take();
  }
  await fresh.bucket('key', batches());
  await fresh.commit({ signal: new AbortController().signal });
  return readFileSync(fresh.path);
}
