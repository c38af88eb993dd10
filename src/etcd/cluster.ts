import type { Revision } from '../revision.ts';
import type { DeltaEvent } from '../snapshot/delta-event.ts';

/** How to reach and trust an etcd cluster. */
export interface EtcdConnectionOptions {
  readonly endpoints: readonly string[];
  /** Endpoints that stand for the whole cluster (a Kubernetes service); used for everything that may go to any member. */
  readonly serviceEndpoints: readonly string[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Paths of PEM files. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly insecureTransport: boolean;
  readonly insecureSkipVerify: boolean;
  /** Deadline of unary calls, ms. */
  readonly connectionTimeoutMs: number;
  /** Deadline of a whole snapshot stream, ms. */
  readonly snapshotTimeoutMs: number;
  /** Deadline of one member's defragmentation, ms. */
  readonly defragTimeoutMs: number;
  /** Which member fulls are read from; `any`, the default, takes a follower that keeps up where there is one. */
  readonly snapshotFrom?: SnapshotSource;
}

/** Which member fulls are read from. */
export type SnapshotSource = 'follower' | 'leader' | 'any';

/** An alarm that a cluster has raised. */
export interface ClusterAlarm {
  readonly memberId: bigint;
  /** No space is left within the quota, or the data of a member differs from the others'. */
  readonly alarm: 'NOSPACE' | 'CORRUPT';
}

/** What one member says of itself. */
export interface MemberStatus {
  readonly endpoint: string;
  readonly version: string;
  readonly memberId: bigint;
  /** Undefined while the member knows no leader. */
  readonly leaderId: bigint | undefined;
  readonly isLearner: boolean;
  readonly revision: Revision;
  /** Of the database file, bytes. */
  readonly dbSize: number;
  readonly raftTerm: bigint;
  /** Number of the last committed raft entry: it grows with every change, also of users, leases and members. */
  readonly raftIndex: bigint;
}

/** Events of one or more whole transactions, in order, or a progress mark without events. */
export interface WatchBatch {
  /** Every event up to and including this revision has been delivered by now. */
  readonly revision: Revision;
  readonly events: readonly DeltaEvent[];
}

/** A live etcd cluster. Failures are {@link EtcdFailure}s. Disposing closes the connections. */
export interface EtcdCluster extends AsyncDisposable {
  /** For messages. */
  readonly location: string;
  status(options: { readonly signal: AbortSignal }): Promise<MemberStatus>;
  /** The status of every endpoint that was given, in that order. Rejects when one does not answer. */
  members(options: { readonly signal: AbortSignal }): Promise<readonly MemberStatus[]>;
  /** The alarms that are raised now. */
  alarms(options: { readonly signal: AbortSignal }): Promise<readonly ClusterAlarm[]>;
  /** Defragments one member, named as {@link members} names it. It serves nobody meanwhile. */
  defragment(endpoint: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** The TTL a lease was granted with, seconds; undefined when there is no such lease any more. */
  leaseTtl(lease: bigint, options: { readonly signal: AbortSignal }): Promise<number | undefined>;
  /** The member's database followed by its SHA-256, with backpressure: nothing is read ahead beyond a few messages. */
  snapshot(options: {
    readonly signal: AbortSignal;
    /** Called once, before the first bytes, with the number of bytes that will come. */
    readonly onSize?: ((bytes: number) => void) | undefined;
  }): AsyncIterable<Uint8Array>;
  /**
   * Every change of every key from `from` on, gapless. Throws {@link CompactedFailure} when `from` is compacted away.
   * Ends when the signal aborts.
   */
  watch(options: { readonly from: Revision; readonly signal: AbortSignal }): AsyncIterable<WatchBatch>;
}
