import { setTimeout as sleep } from 'node:timers/promises';
import { moveLeader } from '../../support/cluster/move-leader.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** The API server takes requests and never answers; the lead changes meanwhile, and a member is started anew. */
export const apiServerHangs: Scenario = {
  name: 'API server hangs',
  cluster: 'shared',
  async disturb({ cluster, writer, length }) {
    const { api } = cluster;
    if (api === undefined) {
      throw new Error('there is no API server');
    }
    api.instead = () => undefined;
    try {
      await moveLeader(cluster);
      await cluster.untilWhole();
      const leader = await cluster.untilLed();
      await leader.stop();
      leader.start();
      await cluster.untilWhole();
      await writer.more(20);
      await sleep(length === 'long' ? 60_000 : 0);
    } finally {
      api.instead = undefined;
    }
  },
};
