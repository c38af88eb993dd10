import { rfc3339 } from '../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { refuseCorruptCluster, reportLearners } from './full/cluster-alarms.ts';
import { type DownloadRequest, downloadDatabase } from './full/download.ts';
import { type FullSnapshotResult, saveFullSnapshot } from './full/save.ts';

/** What one full snapshot needs. */
export interface FullSnapshotRequest extends DownloadRequest {
  readonly store: SnapStore;
  readonly final: boolean;
}

/** Takes one full snapshot: download and compress, then check and save. */
export async function takeFullSnapshot(request: FullSnapshotRequest, context: RunContext): Promise<FullSnapshotResult> {
  const takenAt = context.clock.now();
  context.log.info(`Taking full snapshot for time: ${rfc3339(takenAt)}`);
  await refuseCorruptCluster(request.cluster, context);
  // Not awaited: a member that does not answer must not hold up the work.
  void reportLearners(request.cluster, context);
  await using database = await downloadDatabase(request, context);
  return await saveFullSnapshot({ ...request, database, createdOn: Math.floor(takenAt / 1000) }, context);
}
