import { LazyApiServer } from '../kube/lazy-api-server.ts';
import { Leases } from '../kube/leases.ts';
import { openApiServer } from '../kube/open-api-server.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { configuredMember } from '../server/etcd-config/configured-member.ts';
import { presentConfig } from '../server/etcd-config/served-config.ts';
import type { LeaderTask } from '../server/leader-tasks.ts';
import { MemberHeartbeat } from '../server/leases/member-heartbeat.ts';
import { SnapshotLeases } from '../server/leases/snapshot-leases.ts';
import { scheduledBackupOf } from './scheduled-backup.ts';
import type { ServerInvocation } from './server-invocation.ts';

/** The leases of the pod's namespace; undefined outside of Kubernetes. Nothing is asked before the first use. */
export function podLeasesOf({ pod, context }: ServerInvocation): Leases | undefined {
  const { environment, clock } = context;
  return pod.namespace === undefined
    ? undefined
    : new Leases({ server: new LazyApiServer(() => openApiServer({ environment })), namespace: pod.namespace }, clock);
}

/** What renews the leases of snapshots while our member leads; nothing where the options do not ask for it. */
export function snapshotLeasesOf(
  { config, given, context }: Pick<ServerInvocation, 'config' | 'given' | 'context'>,
  leases: Leases | undefined,
): { readonly listeners: readonly SnapshotterListener[]; readonly tasks: readonly LeaderTask[] } {
  const { enabled, fullName: full, deltaName: delta } = config.leases;
  if (!enabled || config.store.provider === undefined) {
    return { listeners: [], tasks: [] };
  }
  if (leases === undefined) {
    context.log.warn('The leases of snapshots are not renewed: POD_NAMESPACE is not set');
    return { listeners: [], tasks: [] };
  }
  if (scheduledBackupOf(config, given).deltaPeriodMs === undefined) {
    context.log.warn(
      `Lease ${delta} (--delta-snapshot-lease-name) is not renewed: --delta-snapshot-period turns deltas off`,
    );
  }
  const log = context.log.child({ actor: 'lease' });
  const open = (): Promise<Leases> => Promise.resolve(leases);
  const renewal = new SnapshotLeases({ leases: open, names: { full, delta } }, { ...context, log });
  return {
    listeners: [renewal.listener],
    tasks: [{ name: 'renew the leases of snapshots', run: (signal) => renewal.run(signal) }],
  };
}

/** What renews the lease of our member; undefined where the options do not ask for it. */
export function heartbeatOf(
  { config, pod, context }: ServerInvocation,
  leases: Leases | undefined,
): MemberHeartbeat | undefined {
  if (!config.memberLease.enabled) {
    return undefined;
  }
  if (leases === undefined) {
    context.log.warn('The lease of our member is not renewed: POD_NAMESPACE is not set');
    return undefined;
  }
  const log = context.log.child({ actor: 'lease' });
  const member = async (): Promise<{ readonly name: string; readonly peers: 'TLS' | 'plain' }> => {
    const { name, peerUrls } = configuredMember(await presentConfig(pod.etcdConfigFile), pod.name);
    return { name, peers: peerUrls.every((url) => url.startsWith('https:')) ? 'TLS' : 'plain' };
  };
  const { heartbeatMs: periodMs } = config.memberLease;
  return new MemberHeartbeat({ leases: () => Promise.resolve(leases), member, periodMs }, { ...context, log });
}
