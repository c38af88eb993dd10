import { setTimeout as sleep } from 'node:timers/promises';
import { whyNoNamespaces } from '../../support/cluster/namespaced-network.ts';
import type { Pod } from '../../support/cluster/pod.ts';
import type { PodCluster } from '../../support/cluster/pod-cluster.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

function cutOff(name: string, choose: (cluster: PodCluster) => Promise<Pod>): Scenario {
  return {
    name,
    cluster: { pods: 3, members: 3, network: 'namespaces' },
    missing: whyNoNamespaces,
    async disturb({ cluster, writer, length, note }) {
      const pod = await choose(cluster);
      await cluster.network.isolate(pod.place);
      await writer.more(50);
      await sleep(length === 'long' ? 60_000 : 10_000);
      note(`${(await pod.isHealthy()) ? 'still' : 'not'} healthy while cut off`);
      await cluster.network.rejoin(pod.place);
    },
  };
}

/** The leader and its sidecar reach the store, and none of the other pods. */
export const leaderCutOff = cutOff('partition of the leader', (cluster) => cluster.untilLed());

/** The same of a follower. */
export const followerCutOff = cutOff('partition of a follower', async (cluster) => {
  const leader = await cluster.untilLed();
  return cluster.members.find((pod) => pod !== leader) ?? leader;
});
