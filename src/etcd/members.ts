import type { MemberStatus } from './cluster.ts';

/** One entry of a cluster's member list. */
export interface ClusterMember {
  readonly id: bigint;
  /** Undefined until the member has started for the first time. */
  readonly name: string | undefined;
  readonly peerUrls: readonly string[];
  /** Empty until the member has started for the first time. */
  readonly clientUrls: readonly string[];
  /** True for a member without a vote. */
  readonly isLearner: boolean;
}

/** Bounds of one call. */
export interface MembershipCall {
  readonly signal: AbortSignal;
  /** How long each member that is asked may take, ms; the connection timeout when left out. */
  readonly timeoutMs?: number;
}

/** How a member list is asked for. */
export interface MemberListCall extends MembershipCall {
  /** Whose list: that of a quorum, which is what left out means, or that of the member that answers, which needs no quorum. */
  readonly as?: 'a quorum has it' | 'the member has it';
}

/**
 * The membership of a cluster. Failures are {@link EtcdFailure}s; their codes are named with each method.
 * After a lost connection a change is tried again at the next member although the first try may have taken effect:
 * the failure then is the one that says so, such as `etcd_member_exists` after an addition.
 */
export interface ClusterMembers extends AsyncDisposable {
  /** The status of our own member: always that of the first of `endpoints`, whatever other endpoints are given. */
  ownStatus(call: MembershipCall): Promise<MemberStatus>;
  /** The member list as a quorum has it (etcd 3.4: as the member that answers has it). Fails without a quorum, unless it is not asked for. */
  list(call: MemberListCall): Promise<readonly ClusterMember[]>;
  /**
   * Adds a member without a vote that will be reached at `peerUrls`.
   * Fails with `etcd_member_exists` when one of these URLs is in use, and `etcd_too_many_learners`.
   */
  addLearner(peerUrls: readonly string[], call: MembershipCall): Promise<ClusterMember>;
  /**
   * Gives a learner its vote. Fails with `etcd_learner_not_ready` while it lags, `etcd_not_a_learner` when it
   * votes already, and `etcd_member_not_found`.
   */
  promote(id: bigint, call: MembershipCall): Promise<void>;
  /** Takes a member out of the cluster. Fails with `etcd_member_not_found`. */
  remove(id: bigint, call: MembershipCall): Promise<void>;
  /** Replaces all peer URLs of a member. Fails with `etcd_member_not_found` and `etcd_member_exists`. */
  updatePeerUrls(id: bigint, peerUrls: readonly string[], call: MembershipCall): Promise<void>;
}
