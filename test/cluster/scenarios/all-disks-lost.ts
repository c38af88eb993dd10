import assert from 'node:assert/strict';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Pod } from '../../support/cluster/pod.ts';
import { coveredRevision } from '../../support/cluster/protection-watch.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** Older than a delta period of 2 s by what a busy machine needs for a delta, ms. */
const allowedMs = 15_000;

/**
 * Nothing is left but the store. No sidecar may restore one of several by itself: each says what to do. That is done, as
 * docs/server.md says it: scale to 0, delete volumes and member leases, one member in the configuration, start it, scale up again.
 */
export const allDisksLost: Scenario = {
  name: 'all disks lost',
  cluster: 'shared',
  async disturb({ cluster, writer, note, expectNewCluster }) {
    await writer.more(100);
    const { members } = cluster;
    // Earlier disturbances may have made them say the same.
    const logged = members.map(({ sidecar }) => sidecar.log().length);
    const failure = (pod: Pod): string | undefined =>
      /Initialization failed, etcd must not start: .*/.exec(pod.sidecar.log().slice(logged[pod.place]))?.[0];
    await Promise.all(members.map((pod) => pod.stop('SIGKILL')));
    const lostAt = performance.now();
    await writer.stop();
    for (const pod of members) {
      pod.wipe();
      pod.start();
    }
    for (const pod of members) {
      const said = await eventually(() => failure(pod), {
        timeoutMs: 120_000,
        describe: () => cluster.describe(`the sidecar of ${pod.name} does not say that all is lost`),
      });
      assert.match(said, /scale to 0, delete the volumes and member leases of all/, said);
      assert.equal(pod.etcd.pid, undefined, `${pod.name} has started an etcd`);
    }

    await Promise.all(members.map((pod) => pod.stop()));
    for (const pod of members) {
      pod.wipe();
    }
    cluster.createLeases();
    expectNewCluster();
    const covered = await coveredRevision(cluster.store.view);
    const lost = writer.acknowledged.filter(({ revision }) => revision > covered);
    const oldestMs = Math.max(0, ...lost.map(({ at }) => lostAt - at));
    assert.ok(oldestMs < allowedMs, `a write was lost that was acknowledged ${oldestMs} ms before the disks`);
    note(`${lost.length} writes of the last ${(oldestMs / 1_000).toFixed(1)} s lost`);
    writer.forgetAfter(covered);

    cluster.configure(1);
    cluster.pod(0).start();
    await cluster.untilWhole();
    writer.start();
    await writer.more(10);
    cluster.configure(3);
    cluster.pod(1).start();
    cluster.pod(2).start();
    await cluster.untilWhole();
  },
};
