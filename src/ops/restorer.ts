import type { Revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/** Who the restored member is, in the words of etcd's own flags. */
export interface MemberPlan {
  readonly name: string;
  /** `name=url,name=url`, a name may repeat. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: readonly string[];
}

/** What to restore and where to. */
export interface RestoreRequest {
  readonly store: SnapStore;
  /** Must not contain `member`. Created with mode 0700. */
  readonly dataDir: string;
  readonly member: MemberPlan;
  readonly skipHashCheck: boolean;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /** Where temporary files go; made and removed. */
  readonly tempDir: string;
  /** A larger restored db is refused, bytes. */
  readonly quotaBytes: number;
}

/** What stands on disk now. */
export interface RestoreResult {
  readonly dataDir: string;
  readonly revision: Revision;
  /** Names of the objects used, base first. */
  readonly snapshots: readonly string[];
  readonly eventsApplied: number;
  /** Bytes of the new db. */
  readonly dbSize: number;
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** Builds a data directory from the newest chain of a store, without an etcd. */
export function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  context.log.debug({ request }, 'restore');
  return Promise.reject(new Error('restore is not built'));
}
