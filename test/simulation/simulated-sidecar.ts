import type { TempDir } from '../../scripts/lab/temp-dir.ts';
import { createPrometheusMetrics } from '../../src/metrics/prometheus-metrics.ts';
import { Schedule } from '../../src/operations/snapshot/schedule.ts';
import { Failure } from '../../src/runtime/failure.ts';
import type { Logger } from '../../src/runtime/log/logger.ts';
import { silentProgress } from '../../src/runtime/terminal/progress.ts';
import { BackupStatus } from '../../src/server/backup-status.ts';
import { SidecarLife } from '../../src/server/sidecar-life.ts';
import { BackupStore } from '../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../src/snapstore/bucket.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { restoreRequest } from '../support/fixtures/restore-request.ts';
import { requestDefaults } from '../support/snapshotter/request-defaults.ts';
import type { ModelConnection } from './model-connection.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What one life of a sidecar is made of. */
export interface SimulatedSidecarParts {
  readonly process: SimulatedProcess;
  readonly connection: ModelConnection;
  readonly bucket: Bucket;
  readonly tempDir: TempDir;
  readonly log: Logger;
}

/** How often deltas are due, ms. */
export const deltaPeriodMs = 20_000;
/** How often a member is looked at, and how long that may take, ms. */
export const electionMs = { periodMs: 5_000, timeoutMs: 5_000 };

const minuteMs = 60_000;

/** Begins the life of a sidecar in its process. */
export function beginLife({ process, connection, bucket, tempDir, log }: SimulatedSidecarParts): SidecarLife {
  const { clock } = process;
  const openStore = async (): Promise<SnapStore> => storeIn(bucket, process, log);
  return new SidecarLife(
    {
      election: electionMs,
      openConnection: async () => connection,
      openConnectionTo: async () => connection,
      defragmentation: undefined,
      leaderTasks: [],
      snapshots: {
        location: bucket.location,
        openStore,
        request: {
          ...requestDefaults,
          compression: 'none',
          schedule: new Schedule('*/10 * * * *'),
          deltaPeriodMs,
          tempDir: tempDir.path,
          garbageCollection: {
            rules: {
              policy: { kind: 'LimitBased', maxBackups: 2 },
              deltaRetentionMs: 2 * minuteMs,
              leftHistoryMs: 5 * minuteMs,
            },
            periodMs: minuteMs,
          },
        },
        backoff: { firstMs: 2_000, multiplier: 2, longestMs: 30_000, growingWaits: 7 },
      },
      initialization: {
        request: { ...restoreRequest(tempDir), namespace: undefined },
        configuredMembers: async () => 1,
      },
      membership: undefined,
      etcdConfig: () =>
        Promise.reject(
          new Failure({ code: 'unexpected', action: 'give', object: '/config', found: 'not in a simulation' }),
        ),
      memberLease: undefined,
      status: new BackupStatus(() => clock.now()),
      metrics,
    },
    { signal: process.stop.signal, clock, log, progress: silentProgress },
  );
}

/** The store as a process sees it. */
export function storeIn(bucket: Bucket, { clock }: Pick<SimulatedProcess, 'clock'>, log: Logger): SnapStore {
  const upload = { parallel: 2, minChunkSize: 5 * 1024 * 1024, clock, log };
  return new BackupStore({ bucket, prefix: 'etcd', upload, log });
}

/** Nobody reads them; to make them for each life would take most of its time. */
const metrics = createPrometheusMetrics({ now: () => 0 });
