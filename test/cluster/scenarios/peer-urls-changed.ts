import assert from 'node:assert/strict';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** One pod after the other is started with another peer URL in etcd's configuration, as etcd-druid rolls a StatefulSet. */
export const peerUrlsChanged: Scenario = {
  name: 'peer URLs changed',
  cluster: { pods: 3, members: 3 },
  async disturb({ cluster, note }) {
    for (const pod of cluster.members) {
      const peerUrl = `http://${pod.address}:2390`;
      await pod.stop();
      cluster.configure(cluster.members.length, { place: pod.place, peerUrl });
      pod.start();
      await eventually(
        async () => {
          const leader = await cluster.leader();
          const listed = await leader?.gateway.members().catch(() => undefined);
          return listed?.find(({ name }) => name === pod.name)?.peerUrls.join() === peerUrl ? true : undefined;
        },
        { timeoutMs: 120_000, describe: () => cluster.describe(`${pod.name} is not at ${peerUrl}`) },
      );
      await cluster.untilWhole();
    }
    const stops = cluster.members.map(({ etcd }) => etcd.stops);
    assert.ok(
      stops.every((each) => each === 1),
      cluster.describe(`the wrappers were asked to stop ${stops.join(', ')} times`),
    );
    note('each wrapper was asked once to stop');
  },
};
