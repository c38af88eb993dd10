import type { Pod } from '../../support/cluster/pod.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

function killed(name: string, kill: (leader: Pod) => Promise<unknown>): Scenario {
  return {
    name,
    cluster: 'shared',
    async disturb({ cluster }) {
      await kill(await cluster.untilLed());
    },
  };
}

/** The sidecar of the leader dies. */
export const sidecarKilled = killed("kill -9 of the leader's sidecar", ({ sidecar }) => sidecar.kill('SIGKILL'));

/** The etcd of the leader dies. */
export const etcdKilled = killed("kill -9 of the leader's etcd", ({ etcd }) => etcd.kill('SIGKILL'));

/** The node of the leader dies. */
export const bothKilled = killed('kill -9 of both', ({ etcd, sidecar }) =>
  Promise.all([etcd.kill('SIGKILL'), sidecar.kill('SIGKILL')]),
);
