import { checkDatabase } from '../bbolt/check.ts';
import type { CheckVisitor } from '../bbolt/check-visitor.ts';
import { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import type { RecordKind } from '../bbolt/leaf-page-checker.ts';
import { checkChanges } from './check-changes.ts';
import { readLastRevision } from './last-revision.ts';

/**
 * Checks everything in a database that an etcd needs to start on it: the structure of every page and every record of the `key`
 * bucket. It does not hash the contents, as inspectDatabase does. Memory stays bounded. Throws the first Damage.
 */
export async function checkEtcdDatabase(path: string, options: { readonly signal: AbortSignal }): Promise<void> {
  await using database = await Database.open(path);
  const { damages } = await checkDatabase(database, { signal: options.signal, visitor: new ChangeVisitor() });
  const [first] = damages;
  if (first !== undefined) {
    throw first;
  }
  await readLastRevision(database);
}

function isKeyBucket(path: readonly Uint8Array[]): boolean {
  return path.length === 1 && new TextDecoder('latin1').decode(path[0]) === 'key';
}

class ChangeVisitor implements CheckVisitor {
  #inKeyBucket = false;

  bucket(path: readonly Uint8Array[]): void {
    this.#inKeyBucket = isKeyBucket(path);
  }

  records(path: readonly Uint8Array[]): RecordKind {
    return isKeyBucket(path) ? 'changes' : 'any';
  }

  leaf(path: readonly Uint8Array[], leaf: Leaf): void {
    if (this.#inKeyBucket && path.length === 1) {
      checkChanges(leaf);
    }
  }
}
