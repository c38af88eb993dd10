import type { EtcdCluster } from '../../etcd/cluster.ts';
import type { ClusterMembers } from '../../etcd/members.ts';
import type { PeerAnswer } from '../../etcd/peer-members.ts';
import type { OwnMember } from '../../operations/initialize/find-own-member.ts';
import type { AttemptPolicy } from '../../runtime/async/attempts.ts';
import type { RunContext } from '../../runtime/run-context.ts';

/** For a cluster that may be electing: 2, 4 and 8 s between the attempts. */
export const patientPolicy: AttemptPolicy = { attempts: 4, firstMs: 2_000, multiplier: 2, longestMs: 8_000 };

/** For an addition, which waits for other members: 2 to 32 s between the attempts. */
export const joinPolicy: AttemptPolicy = { attempts: 6, firstMs: 2_000, multiplier: 2, longestMs: 32_000 };

/** For a change that is refused for a moment only: 10, 50 and 250 ms between the attempts. */
export const quickPolicy: AttemptPolicy = { attempts: 4, firstMs: 10, multiplier: 5, longestMs: 250 };

/** One attempt. */
export const oncePolicy: AttemptPolicy = { attempts: 1, firstMs: 0, multiplier: 1, longestMs: 0 };

/** Our member with those that etcd's configuration names next to it. */
export interface MemberAndPeers extends OwnMember {
  readonly otherNames: readonly string[];
  /** Peer URLs of the other members. */
  readonly otherPeerUrls: readonly string[];
}

/** The Kubernetes leases of members, which remember who was a part of a cluster. */
export interface MemberLease {
  /** Whether the lease of this name has a holder. */
  hasHolder(name: string, options: { readonly signal: AbortSignal }): Promise<boolean>;
}

/** The cluster and what else is asked about our member. */
export interface ClusterAccess {
  /** Over the service endpoints, but for the status of our own member. */
  readonly cluster: Pick<EtcdCluster, 'position'>;
  readonly members: ClusterMembers;
  /** URLs for messages. */
  readonly urls: readonly string[];
  /** Our member as it is configured now. Throws a Failure `member_config`. */
  own(): Promise<MemberAndPeers>;
  /** Our member with the peer URLs that etcd has to follow; undefined where nothing says which. Throws a Failure `member_config`. */
  configured(): Promise<OwnMember | undefined>;
  /** Asks another member at its peer URL; never rejects but for the signal. */
  askPeer(url: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<PeerAnswer>;
  /** Left out, no lease is asked: it counts as one without a holder. */
  readonly lease?: MemberLease | undefined;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** What calls to a cluster go by. */
export type MemberContext = Pick<RunContext, 'signal' | 'clock' | 'log'>;
