import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { runProgram } from '../../support/cluster/program.ts';
import { coveredRevision } from '../../support/cluster/protection-watch.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/**
 * A person puts the whole cluster back to an older state, as docs/operations.md says: etcd is stopped everywhere, each member is
 * restored to the same revision, all are started again. The sidecars run all the time.
 */
export const rolledBack: Scenario = {
  name: 'rolled back to an older state',
  cluster: 'shared',
  async disturb({ cluster, writer, expectNewCluster, note }) {
    const { members, store } = cluster;
    const revision = writer.newest;
    await writer.more(100);
    const newest = writer.newest;
    await eventually(async () => ((await coveredRevision(store.view)) >= newest ? true : undefined));
    await writer.stop();
    await Promise.all(members.map(({ etcd }) => etcd.stop()));
    expectNewCluster();
    const initialCluster = members.map((pod) => `${pod.name}=${cluster.peerUrl(pod)}`).join(',');
    for (const pod of members) {
      renameSync(pod.dataDir, `${pod.dataDir}.before`);
      using home = makeTempDir();
      const args = [
        `restore`,
        `--data-dir=${pod.dataDir}`,
        `--to-revision=${revision}`,
        `--name=${pod.name}`,
        `--initial-cluster=${initialCluster}`,
        `--initial-advertise-peer-urls=${cluster.peerUrl(pod)}`,
        `--restoration-temp-snapshots-dir=${home.join('restore')}`,
        `--snapstore-temp-directory=${home.join('temp')}`,
        ...store.flags(),
      ];
      await runProgram(args, { home: home.path, more: store.env });
    }
    writer.forgetAfter(revision);
    for (const pod of members) {
      pod.etcd.start();
    }
    await cluster.untilLed();
    writer.start();
    await cluster.untilWhole();
    const { markers } = await eventually(async () => {
      const listing = await store.view.list({ signal: AbortSignal.timeout(30_000) });
      return listing.markers.length > 0 ? listing : undefined;
    });
    assert.ok(markers.length > 0);
    note(`from revision ${newest} to ${revision}`);
  },
};
