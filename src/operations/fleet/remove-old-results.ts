import type { RunContext } from '../../runtime/run-context.ts';
import type { ResultObjects, ShardNumber } from '../../snapstore/fleet/result-objects.ts';

/** Results of each share that are kept. */
const kept = 3;
/** Of other numbers of shards nothing is kept that is older, s. */
const longestKept = 30 * 86_400;

/** Removes results that newer ones have replaced. What may not be removed stays, which harms nobody. `now` is in whole seconds since the epoch. */
export async function removeOldResults(
  objects: ResultObjects,
  { shard, now }: { readonly shard: ShardNumber; readonly now: number },
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  try {
    let own = 0;
    for (const object of await objects.list({ signal })) {
      const isOwn = object.index === shard.index && object.count === shard.count;
      own += Number(isOwn);
      const isOld = isOwn ? own > kept : object.count !== shard.count && object.writtenOn < now - longestKept;
      if (isOld) {
        await objects.remove(object, { signal });
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error: String(error) }, 'old results of fleet verify could not be removed');
  }
}
