import assert from 'node:assert/strict';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/**
 * While a wrapper has its directory initialized somebody else asks for initializations again and again, also between the result and its
 * reading, and when etcd runs already; first of a member with its files, then of one that has lost them.
 */
export const startedTwice: Scenario = {
  name: 'initialization asked for again and again',
  cluster: 'shared',
  async disturb({ cluster, note }) {
    let asked = 0;
    for (const isWiped of [false, true]) {
      const leader = await cluster.untilWhole();
      const pod = cluster.members.find((each) => each !== leader) ?? leader;
      const { starts } = pod.etcd;
      await pod.stop();
      if (isWiped) {
        pod.wipe();
      }
      pod.start();
      let ranAt: number | undefined;
      await eventually(
        async () => {
          const answer = await pod.ask('/initialization/start?mode=full', { timeoutMs: 2_000 }).catch(() => undefined);
          asked += answer?.status === 200 ? 1 : 0;
          ranAt ??= pod.etcd.starts > starts ? performance.now() : undefined;
          return ranAt !== undefined && performance.now() - ranAt > 3_000 ? true : undefined;
        },
        { timeoutMs: 120_000, intervalMs: 100, describe: () => cluster.describe(`${pod.name} is not started`) },
      );
      await cluster.untilWhole();
      assert.equal(pod.etcd.starts, starts + 1, cluster.describe(`the etcd of ${pod.name} was started more than once`));
    }
    note(`asked ${asked} times`);
  },
};
