import type { ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import { type ShardChoices, shardChoices } from './shard-of.ts';

/** Smaller shares are as uneven as their names make them: it costs little. */
const leastEvened = 20;
/** A share is full with this part of the mean one. */
const fullAt = 1.03;
/** So many of a full share, as part of it and at least, are also in the share they go to next. */
const overlap = { part: 0.02, least: 2 } as const;

/**
 * The prefixes of a share of the work, of all that were found; undefined for all of them. Each is in the share that its name gives, and where
 * that is full in the second choice of its name. Shares are found out by themselves, from listings that may differ in what was made or
 * deleted in between: so those at the border are in both, and none is in neither.
 */
export function shareOfWork(prefixes: readonly string[], shard: ShardNumber | undefined): ReadonlySet<string> {
  if (shard === undefined) {
    return new Set(prefixes);
  }
  const mean = prefixes.length / shard.count;
  const full = mean < leastEvened ? Number.POSITIVE_INFINITY : Math.ceil(mean * fullAt);
  const both = Math.max(overlap.least, Math.ceil(mean * overlap.part));
  const own = new Set<string>();
  for (const [first, wanted] of byFirstChoice(prefixes, shard.count)) {
    for (const [rank, { prefix, second }] of wanted.entries()) {
      if ((first === shard.index && rank < full + both) || (second === shard.index && rank >= full)) {
        own.add(prefix);
      }
    }
  }
  return own;
}

/** Whether a prefix may be in a share of the work, whatever others there are. */
export function mayBeOfShare(prefix: string, shard: ShardNumber | undefined): boolean {
  if (shard === undefined) {
    return true;
  }
  const { first, second } = shardChoices(prefix, shard.count);
  return first === shard.index || second === shard.index;
}

interface WantedPrefix extends ShardChoices {
  readonly prefix: string;
}

/** Those that each shard wants, what it wants most first. */
function byFirstChoice(prefixes: readonly string[], count: number): ReadonlyMap<number, readonly WantedPrefix[]> {
  const choices = prefixes.map((prefix) => ({ prefix, ...shardChoices(prefix, count) }));
  choices.sort((a, b) => b.score - a.score || (a.prefix < b.prefix ? -1 : 1));
  return Map.groupBy(choices, ({ first }) => first);
}
