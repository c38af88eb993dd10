import { hash } from 'node:crypto';

/**
 * Which of `count` shards a prefix belongs to, from 0: the one with the highest score for it (rendezvous hashing), so that
 * another number of shards moves few prefixes.
 */
export function shardOf(prefix: string, count: number): number {
  const digest = Buffer.from(hash('sha256', prefix, 'hex'), 'hex');
  const [high, low] = [digest.readUInt32BE(0), digest.readUInt32BE(4)];
  let owner = 0;
  let best = -1;
  for (let index = 0; index < count; index++) {
    const score = mixed(mixed(high ^ Math.imul(index + 1, 0x9e3779b1)) ^ low);
    if (score > best) {
      best = score;
      owner = index;
    }
  }
  return owner;
}

/** The finalizer of MurmurHash3: each bit of the input changes half of those of the result. */
function mixed(value: number): number {
  let hashed = value;
  hashed = Math.imul(hashed ^ (hashed >>> 16), 0x85ebca6b);
  hashed = Math.imul(hashed ^ (hashed >>> 13), 0xc2b2ae35);
  return (hashed ^ (hashed >>> 16)) >>> 0;
}
