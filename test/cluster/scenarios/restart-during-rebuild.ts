import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** The disk of a member is wiped, and another member is restarted in the moment when the first one was taken out and added again. */
export const restartDuringRebuild: Scenario = {
  name: 'restart while another is rebuilt',
  cluster: 'shared',
  async disturb({ cluster, note }) {
    const leader = await cluster.untilLed();
    const [rebuilt = leader, restarted = leader] = cluster.members.filter((each) => each !== leader);
    await rebuilt.stop('SIGKILL');
    rebuilt.wipe();
    rebuilt.start();
    await eventually(
      async () => {
        const listed = await leader.gateway.members().catch(() => []);
        return listed.some(({ isLearner }) => isLearner) ? true : undefined;
      },
      { timeoutMs: 120_000, intervalMs: 50, describe: () => cluster.describe(`${rebuilt.name} is not rebuilt`) },
    );
    await restarted.stop('SIGKILL');
    note('two of three away for a moment');
    restarted.start();
  },
};
