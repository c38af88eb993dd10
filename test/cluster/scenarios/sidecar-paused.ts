import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** The sidecar of the leader stands still, and then goes on as if nothing had happened; its etcd has handed the lead over meanwhile. */
export const sidecarPaused: Scenario = {
  name: "SIGSTOP of the leader's sidecar",
  cluster: 'shared',
  async disturb({ cluster, random, length }) {
    const { sidecar } = await cluster.untilLed();
    sidecar.signal('SIGSTOP');
    await sleep((length === 'long' ? 60_000 : 6_000) + random.integer(2_000));
    sidecar.signal('SIGCONT');
  },
};
