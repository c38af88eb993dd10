import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** Two nodes are lost at once, and come back with their disks. */
export const quorumLost: Scenario = {
  name: 'quorum lost and back',
  cluster: 'shared',
  async disturb({ cluster, random, length }) {
    const leader = await cluster.untilLed();
    const other = random.pick(cluster.members.filter((pod) => pod !== leader));
    await Promise.all([leader.stop('SIGKILL'), other.stop('SIGKILL')]);
    await sleep(length === 'long' ? 60_000 : 10_000);
    leader.start();
    other.start();
  },
};
