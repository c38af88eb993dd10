import { setTimeout as sleep } from 'node:timers/promises';
import { moveLeader } from '../../support/cluster/move-leader.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/**
 * The sidecar of the leader stands still in the midst of its uploads, another member takes the lead and its sidecar writes; then the
 * first goes on, and believes for a moment that it leads.
 */
export const twoLeaders: Scenario = {
  name: 'two leaders for a moment',
  cluster: 'shared',
  async disturb({ cluster, writer, random }) {
    const before = await cluster.untilLed();
    cluster.store.fault(before.place, () => ({ kind: 'delay', ms: 3_000 }));
    await sleep(2_500 + random.integer(1_000));
    before.sidecar.signal('SIGSTOP');
    await moveLeader(cluster);
    await writer.more(150);
    before.sidecar.signal('SIGCONT');
    await writer.more(50);
    cluster.store.fault(before.place, () => undefined);
  },
};
