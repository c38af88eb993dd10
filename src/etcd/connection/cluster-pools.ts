import type { MemberPool } from './member-pool.ts';

/** The connections to the members of one cluster, open until each user has released them. */
export class ClusterPools {
  /** Each member by its own address, our own first. */
  readonly endpoints: MemberPool;
  /** For what any member can answer; may be the same pool. */
  readonly anyMember: MemberPool;
  readonly #users = new Set<object>();

  constructor(pools: { readonly endpoints: MemberPool; readonly anyMember: MemberPool }) {
    this.endpoints = pools.endpoints;
    this.anyMember = pools.anyMember;
  }

  /** Keeps the pools open for `user`. */
  acquire(user: object): void {
    this.#users.add(user);
  }

  /** Closes the pools when `user` was the last one that used them. */
  release(user: object): void {
    if (this.#users.delete(user) && this.#users.size === 0) {
      this.endpoints[Symbol.dispose]();
      if (this.anyMember !== this.endpoints) {
        this.anyMember[Symbol.dispose]();
      }
    }
  }
}
