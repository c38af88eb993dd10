import type { RunContext } from '../runtime/run-context.ts';
import { decodeFacts } from '../snapshot/key-index/decode-facts.ts';
import { clusterIdIn, type FullFacts } from '../snapshot/key-index/facts.ts';
import { indexFraming } from '../snapshot/key-index/index-framing.ts';
import { footerSize, IndexDamage, indexFooter, lastBlock } from '../snapshot/key-index/index-members.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { RangedObject } from './ranged-object.ts';

/** Bytes at the end of a full that are read: the footer and the block of facts before it. */
const FACTS_TAIL = 4 * 1024;

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

/** The id of the cluster that a full comes from, as {@link factsOfFull} says. */
export async function clusterIdOfFull(
  ...[source, context]: Parameters<typeof factsOfFull>
): Promise<bigint | undefined> {
  const facts = await factsOfFull(source, context);
  return facts === undefined ? undefined : clusterIdIn(facts);
}

/** Only the facts are read, and checked. Throws {@link IndexDamage} where they are not sound. */
async function readFacts(object: RangedObject): Promise<FullFacts | undefined> {
  const framing = indexFraming(object.snapshot);
  if (framing === undefined) {
    return undefined;
  }
  const tail = await object.bytes(Math.max(0, object.size - FACTS_TAIL), object.size);
  const footer = indexFooter(tail, object.size, framing);
  if (footer === undefined) {
    return undefined;
  }
  const block = lastBlock(tail.subarray(0, tail.length - footerSize(framing)), footer, framing);
  return block?.kind === 'facts' ? decodeFacts(block.payload) : undefined;
}
