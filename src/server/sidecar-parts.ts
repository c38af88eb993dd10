import type { PrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import type { Schedule } from '../operations/snapshot/schedule.ts';
import type { BackoffPolicy } from '../runtime/async/backoff.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import type { BackupStatus } from './backup-status.ts';
import type { VerifierChoiceParts } from './choose-verifier.ts';
import type { LeaderSnapshotterRequest } from './leader-snapshotter.ts';
import type { LeaderTask } from './leader-tasks.ts';
import type { MemberHeartbeat } from './leases/member-heartbeat.ts';
import type { Membership } from './member/membership.ts';
import type { InitializationRunParts } from './run-initialization.ts';
import type { SidecarConnection } from './sidecar-connection.ts';
import type { VerificationParts } from './verification-task.ts';

/** The snapshots that a sidecar takes while its member leads. */
export interface SidecarSnapshots {
  /** Of the store, for messages. */
  readonly location: string;
  /** Opens the store; is called again after a failure. */
  openStore(): Promise<SnapStore>;
  readonly request: Omit<LeaderSnapshotterRequest, 'defragmentationSchedule'>;
  /** Waits after a snapshotter that has failed. */
  readonly backoff: BackoffPolicy;
}

/** How the member that leads is known. */
export interface ElectionOptions {
  /** Pause between two looks, ms. */
  readonly periodMs: number;
  /** How long a look may take, ms. */
  readonly timeoutMs: number;
}

/** What a sidecar is made of. */
export interface SidecarParts {
  readonly election: ElectionOptions;
  /** Opens a connection to etcd, for snapshots or for questions about the member; is called again after a failure. */
  openConnection(use: 'snapshots' | 'questions'): Promise<SidecarConnection>;
  /** Opens a connection to exactly these members. */
  openConnectionTo(clientUrls: readonly string[]): Promise<Pick<SidecarConnection, 'cluster'> & AsyncDisposable>;
  /** Undefined where no store is configured: then nothing is backed up. */
  readonly snapshots: SidecarSnapshots | undefined;
  readonly initialization: Omit<InitializationRunParts, 'store' | 'listener'>;
  /** When all members are defragmented; undefined for never. */
  readonly defragmentation: Schedule | undefined;
  /** When the backup is verified, and how; never where it is left out. */
  readonly verification?: (Omit<VerificationParts, 'turn'> & Omit<VerifierChoiceParts, 'own' | 'list'>) | undefined;
  /** What else is done as long as our member leads. */
  readonly leaderTasks: readonly LeaderTask[];
  /** Promotes our learner and keeps its peer URLs as configured, also those of a cluster of one; undefined for neither. */
  readonly membership: Membership | undefined;
  /** Renews the lease of our member; undefined for none. */
  readonly memberLease: Pick<MemberHeartbeat, 'renew' | 'pause' | 'looked' | 'ended'> | undefined;
  /** See {@link Sidecar.etcdConfig}. */
  etcdConfig(options: { readonly signal: AbortSignal }): Promise<string>;
  /** Takes the events of the backup; see {@link Sidecar.backupStatus}. */
  readonly status: BackupStatus;
  readonly metrics: PrometheusMetrics;
}
