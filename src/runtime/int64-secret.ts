import { randomBytes } from 'node:crypto';

/**
 * A random int64 to hide ids with before they are hashed: V8 hashes big integers without a secret, so that clients of etcd, who choose
 * the ids of leases, could make any number of them collide.
 */
export function int64Secret(): bigint {
  // Not by way of the global `crypto`, which takes milliseconds when it is used for the first time.
  return randomBytes(8).readBigInt64LE();
}
