import { type CheckVisitor, checkDatabase } from '../bbolt/check.ts';
import { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import type { LeafPageChecker } from '../bbolt/leaf-page-checker.ts';
import { checkChanges } from './check-changes.ts';
import { readLastRevision } from './last-revision.ts';

/**
 * Checks everything in a database that an etcd needs to start on it: the structure of every page and every record of the `key`
 * bucket. Values are not looked at; inspectDatabase hashes them, which takes three times as long.
 * Memory stays bounded. With `leaves` most pages are looked at in WebAssembly. Throws the first Damage.
 */
export async function checkEtcdDatabase(
  path: string,
  options: { readonly signal: AbortSignal; readonly leaves?: LeafPageChecker },
): Promise<void> {
  await using database = await Database.open(path);
  const { signal, leaves } = options;
  const records = (at: readonly Uint8Array[]) => (isKeyBucket(at) ? 'changes' : 'any');
  const lane = leaves === undefined ? {} : { lane: { leaves, records } as const };
  const { damages } = await checkDatabase(database, { signal, visitor: new ChangeVisitor(), ...lane });
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

  leaf(path: readonly Uint8Array[], leaf: Leaf): void {
    if (this.#inKeyBucket && path.length === 1) {
      checkChanges(leaf);
    }
  }
}
