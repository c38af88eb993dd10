import type { EtcdConnection } from '../etcd/connect.ts';
import type { ClusterMembers } from '../etcd/members.ts';

/** What a sidecar asks of a connection to etcd. */
export interface SidecarConnection extends Pick<EtcdConnection, 'cluster' | 'checkEndpoints'>, AsyncDisposable {
  readonly members: Pick<ClusterMembers, 'ownStatus' | 'list'>;
}
