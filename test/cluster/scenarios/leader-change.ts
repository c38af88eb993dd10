import { moveLeader } from '../../support/cluster/move-leader.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** etcd hands the lead over, twice. */
export const leaderChange: Scenario = {
  name: 'leader change',
  cluster: 'shared',
  async disturb({ cluster, writer }) {
    await moveLeader(cluster);
    await cluster.untilWhole();
    await writer.more(20);
    await moveLeader(cluster);
  },
};
