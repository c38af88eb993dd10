/**
 * A random int64 to hide ids with before they are hashed: V8 hashes big integers without a secret, so that clients of etcd, who choose
 * the ids of leases, could make any number of them collide.
 */
export function int64Secret(): bigint {
  const [secret = 0n] = crypto.getRandomValues(new BigInt64Array(1));
  return secret;
}
