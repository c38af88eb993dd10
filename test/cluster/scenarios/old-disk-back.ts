import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import type { Scenario } from '../../support/cluster/scenario.ts';

/** A member was rebuilt on an empty disk, and then the disk that was lost is mounted again: its files are those of a member that was removed. */
export const oldDiskBack: Scenario = {
  name: 'an old disk comes back',
  cluster: 'shared',
  async disturb({ cluster, writer, note }) {
    const leader = await cluster.untilLed();
    const pod = cluster.members.find((each) => each !== leader) ?? leader;
    const before = (await pod.gateway.status()).memberId;
    await pod.stop();
    const old = `${pod.volume}.old`;
    renameSync(pod.volume, old);
    pod.wipe();
    pod.start();
    await cluster.untilWhole();
    await writer.more(20);
    await pod.stop();
    pod.wipe();
    renameSync(old, `${pod.volume}.back`);
    renameSync(pod.volume, old);
    renameSync(`${pod.volume}.back`, pod.volume);
    const logged = pod.sidecar.log().length;
    pod.start();
    await cluster.untilWhole();
    assert.notEqual((await pod.gateway.status()).memberId, before, 'a member that was removed is back');
    const said = /Initialization succeeded, etcd may start: (.*?)(?: actor=.*)?$/m.exec(
      pod.sidecar.log().slice(logged),
    )?.[1];
    assert.ok(said !== undefined, cluster.describe(`${pod.name} was not initialized`));
    note(said);
  },
};
