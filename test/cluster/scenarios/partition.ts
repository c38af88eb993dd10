import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { whyNoNamespaces } from '../../support/cluster/namespaced-network.ts';
import type { Pod } from '../../support/cluster/pod.ts';
import type { PodCluster } from '../../support/cluster/pod-cluster.ts';
import { coveredRevision } from '../../support/cluster/protection-watch.ts';
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
      assert.ok(!(await pod.isHealthy()), `the sidecar of ${pod.name} is healthy while it is cut off`);
      note('not healthy while cut off');
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

/**
 * A node is gone without a word, the first of the service endpoints at best, and the sidecar of the leader starts anew, so that it has to
 * connect. It backs up while the node is away.
 */
export const startedInPartition: Scenario = {
  name: 'sidecar started while a node is gone',
  cluster: { pods: 3, members: 3, network: 'namespaces' },
  missing: whyNoNamespaces,
  async disturb({ cluster, writer, note }) {
    const leader = await cluster.untilLed();
    const pod = cluster.members.find((each) => each !== leader) ?? leader;
    await cluster.network.isolate(pod.place);
    const begunAt = performance.now();
    await leader.sidecar.kill('SIGKILL');
    await writer.more(50);
    const { newest } = writer;
    await eventually(async () => ((await coveredRevision(cluster.store.view)) >= newest ? true : undefined), {
      timeoutMs: 60_000,
      intervalMs: 250,
      describe: () => cluster.describe(`revision ${newest} is not backed up while ${pod.name} is away`),
    });
    note(`backed up ${((performance.now() - begunAt) / 1_000).toFixed(0)} s after the start`);
    await cluster.network.rejoin(pod.place);
  },
};
