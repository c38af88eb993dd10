import { combineCrc32c, crc32c, crc32cOfView } from '../../checksum/crc32c.ts';
import type { LeafKeys, LeafSum } from '../../wasm/page-checker.ts';
import { checkDatabase } from '../bbolt/check.ts';
import type { CheckVisitor } from '../bbolt/check-visitor.ts';
import { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import type { RecordKind } from '../bbolt/leaf-page-checker.ts';
import { checkChanges } from './check-changes.ts';
import { readLastRevision } from './last-revision.ts';
import { leafKeys } from './leaf-keys.ts';

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
 * With `recheck`, a sample of the pages is checked in two ways. Memory stays bounded. Throws the first Damage, or a
 * CheckDisagreement.
 */
export async function inspectDatabase(
  path: string,
  options: {
    readonly signal: AbortSignal;
    readonly recheck?: 'none' | 'sample';
    /** Called with the leaf pages of the `key` bucket, in key order; they may still turn out not to be sound. */
    readonly onKeys?: (pages: readonly LeafKeys[]) => void;
  },
): Promise<DatabaseFacts> {
  await using database = await Database.open(path);
  const { signal, recheck } = options;
  const visitor = new ContentVisitor(options.onKeys);
  const { damages } = await checkDatabase(database, { signal, visitor, recheck });
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

function isKeyBucket(path: readonly Uint8Array[]): boolean {
  return path.length === 1 && new TextDecoder('latin1').decode(path[0]) === 'key';
}

/** Hashes and counts the records of the top-level buckets. */
class ContentVisitor implements CheckVisitor {
  hash = 0;
  totalKeys = 0;
  changes = 0;
  readonly keys: ((pages: readonly LeafKeys[]) => void) | undefined;
  #inKeyBucket = false;

  constructor(keys: ((pages: readonly LeafKeys[]) => void) | undefined) {
    this.keys = keys;
  }

  bucket(path: readonly Uint8Array[]): void {
    const [name] = path;
    if (path.length === 1 && name !== undefined) {
      this.hash = crc32c(this.hash, name);
      this.#inKeyBucket = isKeyBucket(path);
    }
  }

  records(path: readonly Uint8Array[]): RecordKind | undefined {
    if (path.length !== 1) {
      return undefined;
    }
    return isKeyBucket(path) ? 'changes' : 'any';
  }

  leaves(path: readonly Uint8Array[], { records, checksum, bytes }: LeafSum): void {
    if (path.length !== 1) {
      return;
    }
    this.hash = combineCrc32c(this.hash, checksum, bytes);
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
      this.hash = crc32cOfView(this.hash, view, leaf.keyStart(index), end);
    }
    this.totalKeys += leaf.count;
    if (this.#inKeyBucket) {
      this.changes += leaf.count;
      checkChanges(leaf);
      if (this.keys !== undefined) {
        this.keys([leafKeys(leaf)]);
      }
    }
  }
}
