import type { Revision } from '../revision.ts';
import type { DeltaEvent } from '../snapshot/delta-event.ts';
import type { ClusterHistory, ClusterPosition } from './cluster-history.ts';

/** How to reach and trust an etcd cluster. */
export interface EtcdConnectionOptions {
  readonly endpoints: readonly string[];
  /** Endpoints of the whole cluster, such as a Kubernetes service, for calls that any member can answer. Empty: `endpoints`. */
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
  /** Which member fulls are read from; `any`, the default, prefers a follower that does not lag. */
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

/** The status of one member, as it sees itself and its cluster. */
export interface MemberStatus {
  readonly endpoint: string;
  readonly version: string;
  readonly clusterId: bigint;
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
  /** With this batch, every event up to and including this revision is delivered. */
  readonly revision: Revision;
  readonly events: readonly DeltaEvent[];
}

/** From where on a watch is wanted, and what it has to continue. */
export interface WatchOptions {
  readonly from: Revision;
  /** Left out, nothing was seen before. */
  readonly history?: ClusterHistory;
  readonly signal: AbortSignal;
}

/** A live etcd cluster. Failures are {@link EtcdFailure}s. Disposing closes the connections. */
export interface EtcdCluster extends AsyncDisposable {
  /** For messages. */
  readonly location: string;
  /**
   * The status of any member that answers; where `reaching` is given, rather that of one that has reached this revision. For that of our own member
   * see {@link ClusterMembers.ownStatus}.
   */
  status(options: { readonly signal: AbortSignal; readonly reaching?: Revision }): Promise<MemberStatus>;
  /**
   * Where the cluster is, as a quorum of its members confirms it: nothing that was acknowledged before the call is missing, so a
   * member that lags cannot be the reason when a number has fallen. Rejects without a quorum.
   */
  position(options: { readonly signal: AbortSignal }): Promise<ClusterPosition>;
  /** The status of each of `endpoints`, in that order. Rejects when one of them does not answer. */
  members(options: { readonly signal: AbortSignal }): Promise<readonly MemberStatus[]>;
  /** The alarms that are raised. */
  alarms(options: { readonly signal: AbortSignal }): Promise<readonly ClusterAlarm[]>;
  /**
   * A text that changes whenever users, roles or the switch of authentication change. etcd orders the question like a write: it
   * adds an entry to the raft log. Needs the rights of root.
   */
  usersState(options: { readonly signal: AbortSignal }): Promise<string>;
  /** Defragments the member at `endpoint`, one of those that {@link members} returns. The member answers nothing meanwhile. */
  defragment(endpoint: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** The TTL that a lease was granted with, seconds; undefined when the lease does not exist. */
  leaseTtl(lease: bigint, options: { readonly signal: AbortSignal }): Promise<number | undefined>;
  /** The database of a member followed by its SHA-256, with backpressure: only a few messages are read ahead. */
  snapshot(options: {
    readonly signal: AbortSignal;
    /** A member that has not reached this revision is read only where no other one has. */
    readonly reaching?: Revision | undefined;
    /** Called once, before the first bytes, with the size of the whole stream in bytes and the member that sends it. */
    readonly onSize?: ((bytes: number, endpoint: string) => void) | undefined;
  }): AsyncIterable<Uint8Array>;
  /**
   * Every change of every key from `from` on, without a gap, as the continuation of `history`, which is kept up to date: where
   * the events of the revision before `from` are known, etcd is asked for them again, also over each new stream.
   * Throws {@link CompactedFailure} when `from` is compacted away, and {@link HistoryChangedFailure} when the cluster does not
   * continue that history. Ends when the signal aborts.
   */
  watch(options: WatchOptions): AsyncIterable<WatchBatch>;
}
