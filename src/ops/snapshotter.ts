import type { EtcdCluster } from '../etcd/cluster.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { Compression } from '../snapshot/snapshot.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';

/** What a full snapshot needs. */
export interface FullSnapshotRequest {
  readonly cluster: EtcdCluster;
  readonly store: SnapStore;
  readonly compression: Compression;
  /** Directory for the temporary database file. */
  readonly tempDir: string;
  readonly final: boolean;
}

/** A full snapshot that is in the store; the same facts `etcdctl snapshot save` and `status` give. */
export interface FullSnapshotResult {
  readonly snapshot: StoredSnapshot;
  /** CRC-32C over the db's records, as `etcdctl snapshot status` prints it. */
  readonly hash: number;
  /** Number of records in the key bucket, as `etcdctl snapshot status` counts. */
  readonly totalKeys: number;
  /** Bytes of the uncompressed db. */
  readonly totalSize: number;
}

/** What a running snapshotter needs. */
export interface SnapshotterRequest extends Omit<FullSnapshotRequest, 'final'> {
  /** Standard 5-field cron for fulls. */
  readonly schedule: string;
  /** Below 1000 disables deltas. */
  readonly deltaPeriodMs: number;
  /** Bytes of collected events that trigger a delta early. */
  readonly deltaMemoryLimit: number;
}

/** Takes one full snapshot: download, verify, compress, save. */
export function takeFullSnapshot(request: FullSnapshotRequest, context: RunContext): Promise<FullSnapshotResult> {
  context.log.debug({ request }, 'full snapshot');
  return Promise.reject(new Error('full snapshot is not built'));
}

/** Runs until the signal aborts (returns) or a snapshot fails (throws). Writes the delta collected so far before leaving. */
export function runSnapshotter(request: SnapshotterRequest, context: RunContext): Promise<void> {
  context.log.debug({ request }, 'snapshotter');
  return Promise.reject(new Error('the snapshotter is not built'));
}
