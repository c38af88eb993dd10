import type { RunContext } from '../../runtime/run-context.ts';
import { isAheadOfClock } from '../../snapshot/ahead-of-clock.ts';
import type { ResultObject, ResultObjects, ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Results of each share that are kept. */
const kept = 3;
/** Results of other numbers of shards are kept for this long, s. */
const longestKept = 30 * 86_400;
/** No more are removed after one was written: the rest goes after the next. */
const mostRemoved = 100;

/** The result that was just written, and when: whole seconds since the epoch. */
export interface WrittenResult {
  readonly shard: ShardNumber;
  readonly key: string;
  readonly now: number;
}

/** Removes results that newer ones have replaced. A result that may not be removed stays, which does no harm. */
export async function removeOldResults(
  objects: ResultObjects,
  written: WrittenResult,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  try {
    for (const object of outdated(await objects.list({ signal }), written).slice(0, mostRemoved)) {
      await objects.remove(object, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    log.warn({ error: error.message }, 'old results of fleet verify could not be removed');
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
  const others = believed.filter(({ count, writtenOn }) => count !== shard.count && writtenOn < now - longestKept);
  return [...own.slice(kept).toReversed(), ...others.toReversed(), ...ahead].filter(
    (each) => each.key !== key && !(each.lockedUntil !== undefined && each.lockedUntil > now * 1_000),
  );
}
