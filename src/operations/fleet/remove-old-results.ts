import type { RunContext } from '../../runtime/run-context.ts';
import { isAheadOfClock } from '../../snapshot/ahead-of-clock.ts';
import type { ResultObject, ResultObjects, ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Results of each share that are kept. */
const kept = 3;
const day = 86_400;
/** Results of other numbers of shards are kept for this long, s. */
const longestKept = 30 * day;
/** A result knows all that was there this long before it was written, s: earlier ones are read right before. */
const readBefore = day;

/** The result that was just written, and when: whole seconds since the epoch. */
export interface WrittenResult {
  readonly shard: ShardNumber;
  readonly key: string;
  readonly now: number;
}

/** Removes results that newer ones have replaced, and what killed runs have left. What may not be removed stays, which does no harm. */
export async function removeOldResults(
  objects: ResultObjects,
  written: WrittenResult,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  try {
    await objects.remove(outdated(await objects.list({ signal }), written), written, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.warn({ error: error.message }, 'old results of fleet verify could not be removed');
  }
  try {
    await objects.removeAbandoned(written, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.debug({ error: error.message }, 'whether results of killed runs have left something is not known');
  }
}

/**
 * Of `found`, newest first, those that newer ones have replaced, the oldest first, as a lock ends for these first, and those of a clock that
 * was ahead; none that is known to be locked.
 */
function outdated(
  found: readonly ResultObject[],
  { shard, key, now }: WrittenResult,
): readonly Pick<ResultObject, 'key'>[] {
  const isAhead = ({ writtenOn }: ResultObject): boolean => isAheadOfClock({ createdOn: writtenOn }, now);
  const [ahead, believed] = [found.filter(isAhead), found.filter((each) => !isAhead(each))];
  const own = believed.filter(({ index, count }) => index === shard.index && count === shard.count);
  const takenOver = takenOverBefore(believed, shard.count);
  const others = believed.filter(
    ({ count, writtenOn }) => count !== shard.count && writtenOn < Math.min(now - longestKept, takenOver),
  );
  return [...own.slice(kept).toReversed(), ...others.toReversed(), ...ahead].filter(
    (each) => each.key !== key && !(each.lockedUntil !== undefined && each.lockedUntil > now * 1_000),
  );
}

/**
 * What was written before this, in seconds since the epoch, is known to each of so many shares: with one that has written nothing since, what
 * older results prove of its clusters would be lost.
 */
function takenOverBefore(found: readonly ResultObject[], shares: number): number {
  const newest = new Map<number, number>();
  for (const { index, count, writtenOn } of found) {
    if (count === shares) {
      newest.set(index, Math.max(newest.get(index) ?? 0, writtenOn));
    }
  }
  return newest.size < shares ? 0 : [...newest.values()].reduce((a, b) => Math.min(a, b)) - readBefore;
}
