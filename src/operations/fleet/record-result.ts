import type { RunContext } from '../../runtime/run-context.ts';
import type { ResultObjects, ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import type { ProofsByPrefix } from './known-proofs.ts';
import { mergeResults } from './merged-results.ts';
import type { PrefixReport } from './prefix-report.ts';
import { removeOldResults } from './remove-old-results.ts';
import { encodeResult } from './shard-result.ts';

/** The only share of a verification that is not divided. */
const whole: ShardNumber = { index: 0, count: 1 };

/** A verification of a share that has ended. */
export interface EndedVerification {
  /** Whole seconds since the epoch. */
  readonly startedOn: number;
  /** Undefined or empty for the day. */
  readonly run: string | undefined;
  readonly shard: ShardNumber | undefined;
  readonly known: ProofsByPrefix;
  readonly reports: readonly PrefixReport[];
  /** Whether `known` has everything that earlier results prove and that still counts. */
  readonly hasEarlier: boolean;
}

/** What earlier results prove. */
export interface EarlierProofs {
  readonly proofs: ProofsByPrefix;
  /** Whether all of them could be read. */
  readonly isAll: boolean;
}

/** What earlier results prove that may concern a share, as far as they can be read: what is proved now is worth more than an error. */
export async function earlierProofs(
  objects: ResultObjects,
  shard: ShardNumber | undefined,
  context: RunContext,
): Promise<EarlierProofs> {
  const own = shard ?? whole;
  // Other shares of the same number keep what they know of their clusters themselves, also of those that have come to this one.
  const isWanted = ({ index, count }: ShardNumber): boolean => count !== own.count || index === own.index;
  try {
    const { proofs, isDenied } = await mergeResults(objects, context, { isWanted });
    return { proofs, isAll: !isDenied };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    const { message } = error;
    context.log.warn({ error: message }, `Older results of fleet verify cannot be read, and stay: ${message}`);
    return { proofs: new Map(), isAll: false };
  }
}

/**
 * Writes what is known of the clusters of a share into the store, complete or not at all, and removes what it replaces. Throws a StoreError
 * when the store takes no result.
 */
export async function recordResult(
  objects: ResultObjects,
  { startedOn, run, shard = whole, known, reports, hasEarlier }: EndedVerification,
  context: RunContext,
): Promise<void> {
  const { signal, log, clock } = context;
  const endedOn = Math.floor(clock.now() / 1_000);
  const bytes = encodeResult({
    run: run || new Date(startedOn * 1_000).toISOString().slice(0, 'YYYY-MM-DD'.length),
    shard,
    startedOn,
    endedOn,
    prefixes: [...known].flatMap(([prefix, proofs]) => proofs.map((proof) => ({ prefix, proof }))),
    failed: reports.flatMap(({ prefix, complaints }) =>
      complaints.flatMap(({ kind, text }) => (kind === 'unreadable' || kind === 'unproved' ? { prefix, text } : [])),
    ),
  });
  const key = await objects.save(shard, { bytes, writtenOn: endedOn }, { signal });
  log.info({ key, prefixes: known.size }, `Wrote what was proved to ${key}`);
  if (hasEarlier) {
    await removeOldResults(objects, { shard, key, now: endedOn }, context);
  }
}
