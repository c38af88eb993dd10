import { Leases } from '../../src/kube/leases.ts';
import { createPrometheusMetrics } from '../../src/metrics/prometheus-metrics.ts';
import { Schedule } from '../../src/operations/snapshot/schedule.ts';
import type { Logger } from '../../src/runtime/log/logger.ts';
import type { RunContext } from '../../src/runtime/run-context.ts';
import { silentProgress } from '../../src/runtime/terminal/progress.ts';
import { BackupStatus } from '../../src/server/backup-status.ts';
import { servedConfig } from '../../src/server/etcd-config/served-config.ts';
import { MemberHeartbeat } from '../../src/server/leases/member-heartbeat.ts';
import { SnapshotLeases } from '../../src/server/leases/snapshot-leases.ts';
import type { ClusterAccess } from '../../src/server/member/cluster-access.ts';
import { ClusterMembership } from '../../src/server/member/cluster-membership.ts';
import { memberLease } from '../../src/server/member/member-lease.ts';
import { andPeers } from '../../src/server/member/resolved-member.ts';
import { SidecarLife } from '../../src/server/sidecar-life.ts';
import { BackupStore } from '../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../src/snapstore/bucket.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { requestDefaults } from '../support/snapshotter/request-defaults.ts';
import type { EtcdConfiguration } from './etcd-configuration.ts';
import type { ModelApiServer } from './model-api-server.ts';
import { snapshotLeases } from './model-api-server.ts';
import type { ModelConnection } from './model-connection.ts';
import type { ModelPeers } from './model-peers.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** How much a sidecar buffers before a delta is written, and how much may wait in files, bytes. */
export interface BufferLimits {
  readonly deltaMemoryLimit: number;
  readonly deltaSpoolLimit: number;
}

/** What one life of a sidecar is made of. */
export interface SimulatedSidecarParts {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly connection: ModelConnection;
  readonly peers: ModelPeers;
  readonly configuration: EtcdConfiguration;
  /** Undefined for none. */
  readonly api: ModelApiServer | undefined;
  readonly bucket: Bucket | undefined;
  /** Paths of directories. */
  readonly tempDir: string;
  readonly dataDir: string;
  readonly buffer: BufferLimits;
  readonly fullSchedule: string;
  readonly log: Logger;
  /** Has the container of etcd begin anew. */
  stopWrapper(): void;
  readonly random: () => number;
}

/** How often deltas are due, ms. */
export const deltaPeriodMs = 20_000;
/** How often a member is looked at, and how long that may take, ms. */
export const electionMs = { periodMs: 5_000, timeoutMs: 5_000 };
/** How often the lease of a member is renewed, ms. */
export const heartbeatMs = 10_000;

const minuteMs = 60_000;

/** Begins the life of a sidecar in its process, made of the same parts as by the command `server`. */
export function beginLife(parts: SimulatedSidecarParts): SidecarLife {
  const { name, process, connection, configuration, bucket, tempDir, dataDir, log } = parts;
  const { clock } = process;
  const context: RunContext = { signal: process.stop.signal, clock, log, progress: silentProgress };
  const server = parts.api?.of(process);
  const leases = server && new Leases({ server, namespace: 'default' }, clock);
  const open = leases && ((): Promise<Leases> => Promise.resolve(leases));
  const renewal = open && new SnapshotLeases({ leases: open, names: snapshotLeases }, context);
  const membership = membershipOf(parts, leases, context);
  return new SidecarLife(
    {
      election: electionMs,
      openConnection: async () => connection,
      openConnectionTo: async () => connection,
      defragmentation: new Schedule('@every 420'),
      leaderTasks:
        renewal === undefined ? [] : [{ name: 'renew the leases of snapshots', run: (signal) => renewal.run(signal) }],
      snapshots: bucket && {
        location: bucket.location,
        openStore: async () => storeIn(bucket, process, log),
        request: {
          ...requestDefaults,
          ...parts.buffer,
          compression: 'none',
          schedule: new Schedule(parts.fullSchedule),
          deltaPeriodMs,
          tempDir,
          // As the command `server` has it.
          gracePeriodMs: 15_000,
          listeners: renewal === undefined ? [] : [renewal.listener],
          garbageCollection: {
            rules: {
              policy: { kind: 'LimitBased', maxBackups: 2 },
              deltaRetentionMs: minuteMs / 2,
              leftHistoryMs: 5 * minuteMs,
            },
            periodMs: minuteMs / 3,
          },
        },
        backoff: { firstMs: 2_000, multiplier: 2, longestMs: 30_000, growingWaits: 7 },
      },
      initialization: {
        request: {
          dataDir,
          member: configuration.planOf(name),
          skipHashCheck: false,
          maxFetchers: 6,
          tempDir,
          quotaBytes: 8 * 1024 ** 3,
          namespace: undefined,
        },
        configuredMembers: async () => configuration.size,
        member: async () => ({
          member: configuration.planOf(name),
          cluster: configuration.size > 1 ? membership : undefined,
        }),
      },
      membership,
      etcdConfig: ({ signal }) =>
        servedConfig(
          {
            path: configuration.path,
            podName: name,
            members: connection.members,
            met: () => membership.met,
          },
          { signal, clock, log },
        ),
      memberLease:
        open &&
        new MemberHeartbeat(
          { leases: open, member: async () => ({ name, peers: 'plain' }), periodMs: heartbeatMs },
          context,
        ),
      status: new BackupStatus(() => clock.now()),
      metrics,
    },
    context,
  );
}

/** The store as a process sees it. */
export function storeIn(bucket: Bucket, { clock }: Pick<SimulatedProcess, 'clock'>, log: Logger): SnapStore {
  const upload = { parallel: 2, minChunkSize: 64 * 1024, clock, log };
  return new BackupStore({ bucket, prefix: 'etcd', upload, log });
}

function membershipOf(
  parts: SimulatedSidecarParts,
  leases: Leases | undefined,
  context: RunContext,
): ClusterMembership {
  const { name, connection, configuration, peers, process, random } = parts;
  const access: ClusterAccess = {
    cluster: connection.cluster,
    members: connection.members,
    urls: ['http://etcd-client:2379'],
    own: async () => andPeers(configuration.planOf(name)),
    configured: async () => andPeers(configuration.planOf(name)),
    askPeer: (url, bounds) => peers.ask(url, process, bounds),
    lease: leases && memberLease(leases),
    random,
  };
  const stopWrapper = async (): Promise<void> => {
    await process.call(() => parts.stopWrapper(), { thereMs: 5, backMs: 5 });
  };
  return new ClusterMembership({ access, stopWrapper }, context);
}

/** Nobody reads them; to make them for each life would take most of its time. */
const metrics = createPrometheusMetrics({ now: () => 0 });
