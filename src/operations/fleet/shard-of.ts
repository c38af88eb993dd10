import { hash } from 'node:crypto';

/** The shards that want a prefix most, from 0. */
export interface ShardChoices {
  readonly first: number;
  /** The same where there is one shard only. */
  readonly second: number;
  /** How much the first one wants it, compared with other prefixes. */
  readonly score: number;
}

/**
 * Which of `count` shards a prefix belongs to, from 0: the one with the highest score for it (rendezvous hashing), so that
 * another number of shards moves few prefixes.
 */
export function shardOf(prefix: string, count: number): number {
  return shardChoices(prefix, count).first;
}

/** The two of `count` shards with the highest scores for a prefix. */
export function shardChoices(prefix: string, count: number): ShardChoices {
  const digest = Buffer.from(hash('sha256', prefix, 'hex'), 'hex');
  const [high, low] = [digest.readUInt32BE(0), digest.readUInt32BE(4)];
  let [first, second] = [0, 0];
  let [best, next] = [-1, -1];
  for (let index = 0; index < count; index++) {
    const score = mixed(mixed(high ^ Math.imul(index + 1, 0x9e3779b1)) ^ low);
    if (score > best) {
      [second, next] = [first, best];
      [first, best] = [index, score];
    } else if (score > next) {
      [second, next] = [index, score];
    }
  }
  return { first, second, score: best };
}

/** The finalizer of MurmurHash3: each bit of the input changes half of those of the result. */
function mixed(value: number): number {
  let hashed = value;
  hashed = Math.imul(hashed ^ (hashed >>> 16), 0x85ebca6b);
  hashed = Math.imul(hashed ^ (hashed >>> 13), 0xc2b2ae35);
  return (hashed ^ (hashed >>> 16)) >>> 0;
}
