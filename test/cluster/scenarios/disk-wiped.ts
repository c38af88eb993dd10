import type { Scenario } from '../../support/cluster/scenario.ts';

/** One member loses its disk with its node, and comes back with an empty one. */
export const diskWiped: Scenario = {
  name: 'one disk wiped',
  cluster: 'shared',
  async disturb({ cluster, random }) {
    const pod = random.pick(cluster.members);
    await pod.stop('SIGKILL');
    pod.wipe();
    pod.start();
  },
};
