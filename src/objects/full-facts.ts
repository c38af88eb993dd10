import { Failure } from '../runtime/failure.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import { decodeFacts } from '../snapshot/key-index/decode-facts.ts';
import { clusterIdIn, type FullFacts } from '../snapshot/key-index/facts.ts';
import { indexFraming } from '../snapshot/key-index/index-framing.ts';
import { footerSize, IndexDamage, indexFooter, lastBlock } from '../snapshot/key-index/index-members.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { objectParts } from './object-parts.ts';
import type { ObjectParts } from './ranged-object.ts';

/** What may be wrong with an object or its store; an identity that does not open it is a Failure. */
const UNREADABLE = [StoreError, IndexDamage, SnapshotDamage, Failure] as const;

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
    const object = await objectParts({ store, snapshot: full }, context);
    return object === undefined ? undefined : await readFacts(object);
  } catch (error) {
    context.signal.throwIfAborted();
    if (UNREADABLE.some((kind) => error instanceof kind)) {
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
async function readFacts(object: ObjectParts): Promise<FullFacts | undefined> {
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
