import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ClusterAccess, MemberLease } from './cluster-access.ts';
import { configuredPeerUrls } from './configured-peer-urls.ts';
import { andPeers, type MemberSources, resolvedMember } from './resolved-member.ts';

/** What access to the cluster of our member is made of. */
export interface AccessParts {
  /** Stays the caller's: it has to be open for as long as the access is used. */
  readonly connection: Pick<ClusterAccess, 'cluster' | 'members'>;
  readonly options: EtcdConnectionOptions;
  /** Looked up for each use. */
  readonly sources: MemberSources;
  readonly lease?: MemberLease | undefined;
  /** Left out: chance. */
  readonly random?: () => number;
}

/** Access to the cluster of our member. */
export function clusterAccessOf(parts: AccessParts, context: Pick<RunContext, 'log'>): ClusterAccess {
  const { connection, options, sources, lease, random = Math.random } = parts;
  const { endpoints, serviceEndpoints } = options;
  return {
    cluster: connection.cluster,
    members: connection.members,
    urls: serviceEndpoints.length > 0 ? serviceEndpoints : endpoints,
    own: async () => andPeers((await resolvedMember(sources, context)).plan),
    configured: () => configuredPeerUrls(sources.etcdConfigFile, sources.podName),
    askPeer: (url, bounds) => askPeer(url, { ...bounds, tls: options }),
    lease,
    random,
  };
}
