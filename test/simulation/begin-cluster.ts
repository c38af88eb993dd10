import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import type { EtcdConfiguration } from './etcd-configuration.ts';
import type { ModelCluster } from './model-cluster.ts';

/** Starts the cluster that a configuration names, with all of its members. */
export function beginCluster(cluster: ModelCluster, configuration: EtcdConfiguration): void {
  const { members, clusterId } = planMembership(configuration.planOf('etcd-0'));
  cluster.clusterId = clusterId;
  cluster.list.begin(
    members.map(({ id, name, peerUrls }) => ({
      id,
      name,
      peerUrls,
      clientUrls: [`http://${name}:2379`],
      isLearner: false,
    })),
  );
  for (const member of cluster.members) {
    const id = members.find(({ name }) => name === member.name)?.id ?? 0n;
    member.disk = { id, clusterId, health: 'sound' };
    cluster.started(member);
  }
}
