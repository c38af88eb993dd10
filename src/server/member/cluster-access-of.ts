import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import type { EtcdConnection } from '../../etcd/connect.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import { configuredMember } from '../etcd-config/configured-member.ts';
import { presentConfig } from '../etcd-config/served-config.ts';
import type { ClusterAccess, MemberAndPeers, MemberLease } from './cluster-access.ts';

/** What access to the cluster of our member is made of. */
export interface AccessParts {
  /** Stays the caller's: it has to be open for as long as the access is used. */
  readonly connection: Pick<EtcdConnection, 'cluster' | 'members'>;
  readonly options: EtcdConnectionOptions;
  /** Path of etcd's own configuration file. */
  readonly etcdConfigFile: string;
  readonly podName: string | undefined;
  readonly lease?: MemberLease | undefined;
  /** Left out: chance. */
  readonly random?: () => number;
}

/** Access to the cluster of our member, which is looked up in etcd's configuration for each use. */
export function clusterAccessOf(parts: AccessParts): ClusterAccess {
  const { connection, options, etcdConfigFile, podName, lease, random = Math.random } = parts;
  const { endpoints, serviceEndpoints } = options;
  return {
    cluster: connection.cluster,
    members: connection.members,
    urls: serviceEndpoints.length > 0 ? serviceEndpoints : endpoints,
    own: () => memberAndPeers(etcdConfigFile, podName),
    askPeer: (url, bounds) => askPeer(url, { ...bounds, tls: options }),
    lease,
    random,
  };
}

/** Our member and the peer URLs of the others, as the file has them now. Throws a Failure `member_config`. */
export async function memberAndPeers(path: string, podName: string | undefined): Promise<MemberAndPeers> {
  const { name, peerUrls, initialCluster } = configuredMember(await presentConfig(path), podName);
  const otherPeerUrls = [...initialCluster].flatMap(([other, urls]) => (other === name ? [] : urls));
  return { name, peerUrls, otherPeerUrls };
}
