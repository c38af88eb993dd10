import type { RunContext } from '../runtime/run-context.ts';
import { clusterIdIn, type FullFacts } from '../snapshot/key-index/facts.ts';
import { indexFraming } from '../snapshot/key-index/index-framing.ts';
import { IndexDamage } from '../snapshot/key-index/index-members.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { readFacts } from './key-index.ts';
import { RangedObject } from './ranged-object.ts';

/**
 * Where a full comes from, as its end says; undefined when that does not say, or cannot be read: nothing depends on it. One short read.
 */
export async function factsOfFull(
  source: { readonly store: SnapStore; readonly full: StoredSnapshot },
  context: RunContext,
): Promise<FullFacts | undefined> {
  const { store, full } = source;
  if (indexFraming(full) === undefined || full.kind !== 'Full') {
    return undefined;
  }
  try {
    return await readFacts(new RangedObject({ store, snapshot: full }, context));
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof StoreError || error instanceof IndexDamage) {
      return undefined;
    }
    throw error;
  }
}

/** The id of the cluster that a full comes from, as {@link factsOfFull} tells. */
export async function clusterIdOfFull(
  ...[source, context]: Parameters<typeof factsOfFull>
): Promise<bigint | undefined> {
  const facts = await factsOfFull(source, context);
  return facts === undefined ? undefined : clusterIdIn(facts);
}
