import { crc32c, crc32cOf } from '../../checksum/crc32c.ts';
import { crc32cOfBoth } from '../../checksum/crc32c-of-both.ts';
import { type CheckVisitor, checkDatabase } from '../bbolt/check.ts';
import { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import type { LeafPageChecker, LeafSum } from '../bbolt/leaf-page-checker.ts';
import { checkChanges } from './check-changes.ts';
import { readLastRevision } from './last-revision.ts';

/** What an etcd database holds; hash and counts as `etcdctl snapshot status` of etcd 3.4 and 3.5 prints them. */
export interface DatabaseFacts {
  /** The revision etcd would serve from this database: that of the newest change, or of the last compaction if that is later. */
  readonly lastRevision: number;
  /** CRC-32C over bucket names, keys and values. */
  readonly hash: number;
  /** Records in all buckets. (etcd 3.6 and later print the number of live keys instead.) */
  readonly totalKeys: number;
  /** Records in the `key` bucket: changes that are kept. */
  readonly changes: number;
  /** Bytes of the pages up to the high water mark. */
  readonly size: number;
  /** Bytes of a page. */
  readonly pageSize: number;
}

/**
 * Reads a whole database: checks the structure of every page and every record of the `key` bucket, and hashes the contents.
 * Memory stays bounded. With `leaves` most pages are looked at in WebAssembly. Throws the first Damage.
 */
export async function inspectDatabase(
  path: string,
  options: { readonly signal: AbortSignal; readonly leaves?: LeafPageChecker },
): Promise<DatabaseFacts> {
  await using database = await Database.open(path);
  const { signal, leaves } = options;
  const visitor = new ContentVisitor();
  const lane = leaves === undefined ? {} : { lane: { leaves, records: recordsIn } };
  const { damages } = await checkDatabase(database, { signal, visitor, ...lane });
  const [first] = damages;
  if (first !== undefined) {
    throw first;
  }
  return {
    lastRevision: await readLastRevision(database),
    hash: visitor.hash,
    totalKeys: visitor.totalKeys,
    changes: visitor.changes,
    size: database.meta.highWater * database.meta.pageSize,
    pageSize: database.meta.pageSize,
  };
}

/** Only the records of top-level buckets are hashed and counted. */
function recordsIn(path: readonly Uint8Array[]): 'changes' | 'any' | undefined {
  if (path.length !== 1) {
    return undefined;
  }
  return isKeyBucket(path) ? 'changes' : 'any';
}

function isKeyBucket(path: readonly Uint8Array[]): boolean {
  return path.length === 1 && new TextDecoder('latin1').decode(path[0]) === 'key';
}

class ContentVisitor implements CheckVisitor {
  hash = 0;
  totalKeys = 0;
  changes = 0;
  #inKeyBucket = false;

  bucket(path: readonly Uint8Array[]): void {
    const [name] = path;
    if (path.length === 1 && name !== undefined) {
      this.hash = crc32c(this.hash, name);
      this.#inKeyBucket = isKeyBucket(path);
    }
  }

  settled(path: readonly Uint8Array[], { records, checksum, bytes }: LeafSum): void {
    if (path.length !== 1) {
      return;
    }
    this.hash = crc32cOfBoth(this.hash, checksum, bytes);
    this.totalKeys += records;
    if (this.#inKeyBucket) {
      this.changes += records;
    }
  }

  leaf(path: readonly Uint8Array[], leaf: Leaf): void {
    if (path.length !== 1) {
      return;
    }
    const { view } = leaf.page;
    for (let index = 0; index < leaf.count; index++) {
      const end = leaf.isBucket(index) ? leaf.valueStart(index) : leaf.valueEnd(index);
      this.hash = crc32cOf(this.hash, view, leaf.keyStart(index), end);
    }
    this.totalKeys += leaf.count;
    if (this.#inKeyBucket) {
      this.changes += leaf.count;
      checkChanges(leaf);
    }
  }
}
