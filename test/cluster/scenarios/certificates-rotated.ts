import assert from 'node:assert/strict';
import type { Scenario } from '../../support/cluster/scenario.ts';

/**
 * A new authority takes the place of the old one, one pod after the other: first it is trusted, too, then the certificates are those of
 * the new one, then the old one is trusted no more. etcd reads its authorities when it starts; the sidecars are not started again.
 */
export const certificatesRotated: Scenario = {
  name: 'certificates rotated one by one',
  cluster: { pods: 3, members: 3, tls: true },
  async disturb({ cluster, writer, note }) {
    const { certificates, members } = cluster;
    if (certificates === undefined) {
      throw new Error('the cluster has no certificates');
    }
    const before = await certificates.renew();
    const steps: readonly ((place: number) => void)[] = [
      (place) => certificates.trustAlso(place, before),
      (place) => certificates.putCertificates(place),
      (place) => certificates.trustOnlyNew(place),
    ];
    for (const step of steps) {
      for (const pod of members) {
        step(pod.place);
        await pod.etcd.kill('SIGTERM');
        await cluster.untilWhole();
        await writer.more(10);
      }
    }
    assert.deepEqual(
      members.map(({ sidecar }) => sidecar.starts),
      members.map(() => 1),
    );
    note(`sidecars started ${members.map(({ sidecar }) => sidecar.starts).join(', ')} times`);
  },
};
