import assert from 'node:assert/strict';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** The etcd of a learner stands still, so that it never catches up; a third member cannot join meanwhile, and says why. */
export const learnerLags: Scenario = {
  name: 'a learner never catches up',
  cluster: { pods: 3, members: 1 },
  async disturb({ cluster, writer, note }) {
    const [learner, third] = [cluster.pod(1), cluster.pod(2)];
    const learners = async (): Promise<readonly string[]> => {
      const listed = await cluster.pod(0).gateway.members();
      return listed.filter(({ isLearner }) => isLearner).flatMap(({ peerUrls }) => peerUrls);
    };
    cluster.configure(3);
    learner.start();
    await eventually(() => learner.etcd.pid, { timeoutMs: 120_000, intervalMs: 10 });
    learner.etcd.signal('SIGSTOP');
    assert.deepEqual(await learners(), [cluster.peerUrl(learner)]);
    third.start();
    const said = await eventually(
      () => /Initialization failed, etcd must not start: .*/.exec(third.sidecar.log())?.[0],
      {
        timeoutMs: 240_000,
        describe: () => cluster.describe(`${third.name} does not say why it cannot join`),
      },
    );
    assert.match(said, /is a learner that has no vote yet, and etcd takes one at a time; see the log of that member/);
    assert.ok(said.includes(cluster.peerUrl(learner)) || said.includes(learner.name), said);
    await writer.more(20);
    assert.deepEqual(await learners(), [cluster.peerUrl(learner)]);
    note('the third member says which learner is in its way');
    learner.etcd.signal('SIGCONT');
  },
};
