import { Int64Map } from '../../runtime/int64-map.ts';

/** Longest time to live etcd grants, seconds. */
const LONGEST_TTL = 9_000_000_000n;

/**
 * The leases that exist, and the keys attached to them. Leases do not expire here: etcd revokes an expired lease by a request
 * in the log. Source: etcd, server/lease/lessor.go.
 */
export class Leases {
  readonly #keysOf = new Int64Map<Set<string>>();
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

  /** Keys attached to a lease, ascending. */
  keys(id: bigint): readonly string[] {
    return [...(this.#keysOf.get(id) ?? [])].sort();
  }

  /** Attaches a key to a lease, or to none when `id` is 0n or does not exist, and detaches it from the one before. */
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

  /** Removes a lease, whose keys have to be deleted before. */
  revoke(id: bigint): void {
    for (const key of this.keys(id)) {
      this.detach(key);
    }
    this.#keysOf.delete(id);
  }
}
