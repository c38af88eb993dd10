import type { ClusterMember } from '../etcd/members.ts';
import type { ValidationMode } from '../operations/initialize/data-dir-state.ts';
import type { RetentionRules } from '../operations/prune/prune.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../snapstore/snapstore.ts';
import type { BackupStatusDocument } from './backup-status.ts';
import type { Phase } from './state.ts';

/** What the word of an initialization is on the wire. */
export type InitializationWord = 'New' | 'Progress' | 'Successful' | 'Failed';

/** The initialization of a data directory as a caller asks for it and follows it. */
export interface InitializationAccess {
  /** Begins a run unless one is going on; a start that comes before the last result was read is remembered with its mode. */
  start(mode: ValidationMode): void;
  /** The word now; `sent` is called when the answer has been written, and then the result counts as read. */
  read(): { readonly word: InitializationWord; readonly sent: () => void };
}

/** What the HTTP surface asks of a sidecar. Nothing here waits longer than it says. */
export interface Sidecar {
  /** True while our member leads and etcd answered the last probe. */
  readonly healthy: boolean;
  readonly initialization: InitializationAccess;
  /** Who takes snapshots now. */
  readonly snapshots: SnapshotAccess;
  /** The document of /config as YAML text. Throws a Failure with the reason. */
  etcdConfig(options: { readonly signal: AbortSignal }): Promise<string>;
  /** Where the leader's sidecar may be reached: its member's first client URL. Undefined without a leader that is known. */
  leaderClientUrl(options: { readonly signal: AbortSignal }): Promise<string | undefined>;
  /** What is known of the backup, as JSON. */
  backupStatus(): BackupStatusDocument;
  /** What is known of our member. */
  memberFacts(): MemberFacts;
  /** The members of the cluster. Rejects when etcd does not say. */
  members(options: { readonly signal: AbortSignal }): Promise<readonly ClusterMember[]>;
  /** What the store holds, and what garbage collection makes of it; undefined without a store. Lists it. Rejects when that fails. */
  backups(options: { readonly signal: AbortSignal }): Promise<ListedBackups | undefined>;
  /** How often an event has changed a series: those of the process, of the network and of ages change without. */
  readonly metricChanges: number;
  /** Series as Prometheus text. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Our member as the newest look has seen it; ids are hexadecimal, null is "not known". */
export interface MemberFacts {
  readonly id: string | null;
  readonly leaderId: string | null;
  readonly role: 'leader' | 'follower' | 'learner' | 'unknown';
  readonly phase: Phase;
  readonly etcdVersion: string | null;
  /** Bytes. */
  readonly databaseBytes: number | null;
  readonly revision: number | null;
}

/** A listing of the store, and what decides what is deleted of it. */
export interface ListedBackups {
  readonly listing: Pick<StoreListing, 'snapshots' | 'markers'>;
  readonly store: Pick<SnapStore, 'traits'>;
  /** Undefined where nothing is deleted. */
  readonly rules: RetentionRules | undefined;
}

/** Who takes snapshots now. */
export type SnapshotAccess =
  | { readonly kind: 'no store' }
  /** Another member leads, or the leader is not known. */
  | { readonly kind: 'forwards' }
  | { readonly kind: 'leads'; readonly taker: SnapshotTaker };

/** The newest full in a store and the deltas that continue it, oldest first. */
export interface LatestSnapshots {
  readonly full: StoredSnapshot | undefined;
  readonly deltas: readonly StoredSnapshot[];
}

/**
 * Snapshots of the member that leads. Throws a Failure: `snapshotter_ended` while it is inactive, `deltas_disabled`, and what
 * the snapshot throws.
 */
export interface SnapshotTaker {
  takeFull(options: { readonly final: boolean }): Promise<StoredSnapshot>;
  /** Undefined when there was nothing to write. */
  takeDelta(): Promise<StoredSnapshot | undefined>;
  latest(options: { readonly signal: AbortSignal }): Promise<LatestSnapshots>;
}
