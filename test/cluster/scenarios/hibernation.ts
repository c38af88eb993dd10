import assert from 'node:assert/strict';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** A last full is taken, everything is stopped, and everything is started again. */
export const hibernation: Scenario = {
  name: 'hibernation',
  cluster: 'shared',
  async disturb({ cluster, writer }) {
    await writer.stop();
    const [first] = cluster.members;
    const answer = await eventually(
      async () => {
        const each = await first?.ask('/snapshot/full?final=true', { timeoutMs: 60_000, method: 'POST' });
        return each?.status === 200 ? each : undefined;
      },
      { timeoutMs: 200_000, intervalMs: 500 },
    );
    const { isFinal, lastRevision } = JSON.parse(answer.body) as { isFinal: boolean; lastRevision: number };
    assert.ok(isFinal && lastRevision >= writer.newest, answer.body);
    await Promise.all(cluster.members.map((pod) => pod.stop()));
    for (const pod of cluster.members) {
      pod.start();
    }
    await cluster.untilLed();
    writer.start();
  },
};
