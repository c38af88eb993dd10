import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { type ObjectParts, RangedObject } from './ranged-object.ts';

/**
 * Reads parts of what an object holds, decrypted where it is encrypted; undefined where the store has no identities to open it. Throws what
 * opening it throws.
 */
export async function objectParts(
  source: { readonly store: SnapStore; readonly snapshot: StoredSnapshot },
  context: RunContext,
): Promise<ObjectParts | undefined> {
  if (source.snapshot.encryption === undefined) {
    return new RangedObject(source, context);
  }
  const { fileKey } = source.store;
  if (fileKey === undefined) {
    return undefined;
  }
  const { SealedObject } = await import('./sealed-object.ts');
  return await SealedObject.open(source, fileKey, context);
}
