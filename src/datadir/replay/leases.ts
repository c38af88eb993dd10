/** Longest time to live etcd grants, seconds. */
const LONGEST_TTL = 9_000_000_000n;

/**
 * The leases that exist and the keys that hang on them. Time does not pass here: an expired lease ends by a request of its
 * own in the log. Source: etcd, server/lease/lessor.go.
 */
export class Leases {
  readonly #keysOf = new Map<bigint, Set<string>>();
  readonly #leaseOf = new Map<string, bigint>();

  has(id: bigint): boolean {
    return this.#keysOf.has(id);
  }

  /** Grants a lease, unless the id is in use or not allowed. */
  grant(id: bigint, ttl: bigint): void {
    if (id !== 0n && ttl <= LONGEST_TTL && !this.#keysOf.has(id)) {
      this.#keysOf.set(id, new Set());
    }
  }

  /** Keys on a lease, ascending. */
  keys(id: bigint): readonly string[] {
    return [...(this.#keysOf.get(id) ?? [])].sort();
  }

  /** Hangs a key on a lease, or on none (0n or one that does not exist), and takes it off the one before. */
  attach(key: string, id: bigint): void {
    this.detach(key);
    const keys = this.#keysOf.get(id);
    if (keys !== undefined) {
      keys.add(key);
      this.#leaseOf.set(key, id);
    }
  }

  detach(key: string): void {
    const id = this.#leaseOf.get(key);
    if (id !== undefined) {
      this.#keysOf.get(id)?.delete(key);
      this.#leaseOf.delete(key);
    }
  }

  /** Ends a lease; its keys have to be deleted by then. */
  revoke(id: bigint): void {
    for (const key of this.keys(id)) {
      this.detach(key);
    }
    this.#keysOf.delete(id);
  }
}
