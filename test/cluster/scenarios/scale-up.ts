import type { Scenario } from '../../support/cluster/scenario.ts';

/** One member becomes three: both new ones start at the same time, and each joins as a learner. */
export const scaleUp: Scenario = {
  name: 'scale 1 to 3 by learners',
  cluster: { pods: 3, members: 1 },
  async disturb({ cluster }) {
    cluster.configure(3);
    cluster.pod(1).start();
    cluster.pod(2).start();
    await cluster.untilWhole();
  },
};
