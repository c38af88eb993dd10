import { openConnection } from '../etcd/connect.ts';
import type { Leases } from '../kube/leases.ts';
import type { PrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import { servedConfig } from '../server/etcd-config/served-config.ts';
import { clusterAccessOf } from '../server/member/cluster-access-of.ts';
import { ClusterMembership } from '../server/member/cluster-membership.ts';
import { lazyConnection } from '../server/member/lazy-connection.ts';
import { memberLease } from '../server/member/member-lease.ts';
import type { Membership } from '../server/member/membership.ts';
import { type MemberSources, resolvedMember } from '../server/member/resolved-member.ts';
import { stopWrapper } from '../server/member/stop-wrapper.ts';
import type { InitializationRunParts } from '../server/run-initialization.ts';
import { isMemberGiven } from './is-member-given.ts';
import type { ServerInvocation } from './server-invocation.ts';

/** What a server does about its own member. */
export interface ServerMember {
  readonly initialized: NonNullable<InitializationRunParts['member']>;
  configuredMembers(): Promise<number>;
  readonly membership: Membership;
  etcdConfig(options: { readonly signal: AbortSignal }): Promise<string>;
}

/** The member of a server, as options and environment say. Opens nothing before the first question. */
export function serverMemberOf(
  { config, given, pod, context }: ServerInvocation,
  {
    metrics,
    leases,
  }: {
    readonly metrics: Pick<PrometheusMetrics, 'learnerAdded' | 'memberRemoved'>;
    /** Undefined outside of Kubernetes. */
    readonly leases: Leases | undefined;
  },
): ServerMember {
  const { clock, log, signal: ended } = context;
  const { etcdConfigFile, name: podName } = pod;
  const sources: MemberSources = {
    etcdConfigFile,
    podName,
    flags: config.member,
    flagsGiven: isMemberGiven(given),
  };
  const connection = lazyConnection(() => openConnection(config.connection, context), ended);
  const { useEtcdWrapper, etcdWrapperPort: port } = config.server;
  const random = Math.random;
  const membership = new ClusterMembership(
    {
      access: clusterAccessOf(
        { connection, options: config.connection, sources, lease: leases && memberLease(leases), random },
        { log },
      ),
      stopWrapper: useEtcdWrapper
        ? ({ signal }) => stopWrapper({ connection: config.connection, port, random }, { signal, clock })
        : undefined,
      listener: {
        changed: ({ change, seconds, outcome }) =>
          change === 'remove'
            ? metrics.memberRemoved({ seconds, outcome })
            : metrics.learnerAdded({ seconds, outcome }),
      },
    },
    context,
  );
  return {
    membership,
    configuredMembers: async () => (await resolvedMember(sources, { log })).members,
    initialized: async () => {
      const { plan, members } = await resolvedMember(sources, { log });
      return { member: plan, cluster: members > 1 && plan.initialCluster.size > 1 ? membership : undefined };
    },
    etcdConfig: ({ signal }) =>
      servedConfig(
        { path: etcdConfigFile, podName, members: connection.members, met: () => membership.met },
        { signal, clock, log },
      ),
  };
}
