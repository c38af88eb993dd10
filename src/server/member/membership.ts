import type { MemberOfCluster } from '../../operations/initialize/place-in-cluster.ts';

/** Bounds of a call. */
export interface MembershipOptions {
  readonly signal: AbortSignal;
}

/** What a process has met of the cluster of its member: nothing yet; one that answered; one that waits for our member to start. */
export type MetCluster = 'none' | 'a cluster' | 'awaits our member';

/** What became of a promotion. */
export type Promotion = 'promoted' | 'not ready' | 'votes already';

/** What became of a comparison of peer URLs. */
export type PeerUrlUpdate =
  | 'unchanged'
  /** etcd has the new ones, and its wrapper was asked to stop. */
  | 'updated and stopped'
  /** etcd has the new ones, and listens at them after a restart. */
  | 'updated, wants a restart';

/**
 * What a sidecar does about the membership of its own member. Given to `initialize` as `cluster` where the etcd configuration names
 * several members; the other two are for the time when etcd runs. Each method has its own bounds and throws a Failure.
 */
export interface Membership extends MemberOfCluster {
  /** Gives our learner its vote, if it has caught up. One attempt. */
  promote(options: MembershipOptions): Promise<Promotion>;
  /**
   * Compares the peer URLs of our own member with the configuration, as sets, and updates them; then the wrapper is asked to stop.
   * A stop that failed is tried again by the next call.
   */
  updatePeerUrls(options: MembershipOptions): Promise<PeerUrlUpdate>;
}
