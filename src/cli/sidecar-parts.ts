import { openConnection } from '../etcd/connect.ts';
import { createPrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { Schedule } from '../operations/snapshot/schedule.ts';
import { networkCounters } from '../runtime/process/network-counters.ts';
import type { ReloadedFiles } from '../runtime/reloaded-files.ts';
import { BackupStatus } from '../server/backup-status.ts';
import type { AuthTokens } from '../server/http/access/auth-tokens.ts';
import type { SidecarParts, SidecarSnapshots } from '../server/sidecar-parts.ts';
import type { Recipients } from '../snapshot/encryption/recipients.ts';
import { openReadStore } from './open-store.ts';
import { goingBackText, warnOfUnusedRetention } from './retention-rules.ts';
import { backoffOf, scheduledBackupOf } from './scheduled-backup.ts';
import { secondaryTasksOf } from './secondary-task.ts';
import type { ServerInvocation } from './server-invocation.ts';
import { heartbeatOf, podLeasesOf, snapshotLeasesOf } from './server-leases.ts';
import { serverMemberOf } from './server-member.ts';
import { verificationOf } from './server-verification.ts';

/** How long uploads of deltas may go on at a stop, ms. */
const lastUploadsMs = 15_000;

/** What was read from files before. */
export interface ReadKeys {
  readonly tokens: Pick<AuthTokens, 'own'> | undefined;
  /** Recipients of new objects; undefined where nothing is encrypted. */
  readonly recipients: ReloadedFiles<Recipients> | undefined;
}

/** What a sidecar is made of, as options and environment say; `tokens` are shown to other sidecars. Opens nothing. */
export function sidecarPartsOf(invocation: ServerInvocation, { tokens, recipients }: ReadKeys): SidecarParts {
  const { config, pod, context } = invocation;
  const { clock } = context;
  const { reelectionPeriodMs: periodMs, connectionTimeoutMs: timeoutMs } = config.leaderElection;
  const metrics = createPrometheusMetrics({ now: () => clock.now(), network: () => networkCounters() });
  const { snapshotFrom } = config.snapshotter;
  const { connectionTimeoutMs } = config.connection;
  const location = locationOf(invocation);
  const status = new BackupStatus(() => clock.now(), location);
  const leases = podLeasesOf(invocation);
  const snapshotLeases = snapshotLeasesOf(invocation, leases);
  const member = serverMemberOf(invocation, { metrics, leases });
  return {
    election: { periodMs, timeoutMs },
    openConnection: (use) =>
      openConnection(
        use === 'snapshots'
          ? { ...config.connection, snapshotFrom }
          : // A login is bounded by this, too, and must not hold up a look.
            { ...config.connection, connectionTimeoutMs: Math.min(timeoutMs, connectionTimeoutMs) },
        context,
      ),
    openConnectionTo: (endpoints) => openConnection({ ...config.connection, endpoints, serviceEndpoints: [] }, context),
    snapshots: snapshotsOf({ ...invocation, recipients }, location, [
      metrics.listener,
      status.snapshots,
      ...snapshotLeases.listeners,
    ]),
    defragmentation: new Schedule(config.defragmentation.schedule),
    leaderTasks: [...snapshotLeases.tasks, ...secondaryTasksOf(invocation, [metrics.secondary, status.secondary])],
    verification: verificationOf(invocation, {
      metrics,
      status,
      location,
      tokens,
      isEncrypted: recipients !== undefined,
    }),
    initialization: {
      request: {
        ...config.restoration,
        member: config.member,
        connection: config.connection,
        namespace: pod.namespace,
      },
      member: member.initialized,
      configuredMembers: member.configuredMembers,
    },
    membership: member.membership,
    memberLease: heartbeatOf(invocation, leases),
    etcdConfig: member.etcdConfig,
    status,
    metrics,
  };
}

/** Where the backups are, for messages; undefined without a provider. */
function locationOf({ config }: ServerInvocation): string | undefined {
  const { provider, container = 'default.bkp', prefix } = config.store;
  return provider === undefined ? undefined : `${provider} ${container}${prefix === '' ? '' : `/${prefix}`}`;
}

/** Without a provider nothing is backed up, whatever else is given. */
function snapshotsOf(
  { config, given, context, recipients }: ServerInvocation & Pick<ReadKeys, 'recipients'>,
  location: string | undefined,
  listeners: readonly SnapshotterListener[],
): SidecarSnapshots | undefined {
  if (location === undefined) {
    const [astray] = ['store-container', 'store-prefix', 'store-endpoint-override'].filter((flag) => given.has(flag));
    context.log.warn(
      astray === undefined
        ? 'No --storage-provider is given: nothing is backed up'
        : `--${astray} has no effect: no --storage-provider is given, and nothing is backed up`,
    );
    return undefined;
  }
  const { tempDir } = config.store;
  const { defragmentationSchedule: _, ...scheduled } = scheduledBackupOf(config, given, recipients);
  warnOfUnusedRetention(config.retention, given, context);
  context.log.info(goingBackText(scheduled.garbageCollection?.rules));
  return {
    location,
    openStore: () => openReadStore(config.store, config.identity, context),
    backoff: backoffOf(config.backoff),
    request: {
      ...scheduled,
      tempDir,
      gracePeriodMs: lastUploadsMs,
      listeners,
    },
  };
}
