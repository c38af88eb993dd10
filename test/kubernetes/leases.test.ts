import { after, before, describe } from 'node:test';
import { goVersion } from '../../scripts/lab/etcd-from-source.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { leaseSuite } from '../support/kube/lease-suite.ts';
import { realLeases } from '../support/kube/real-leases.ts';
import { type StartedKubeApiServer, startKubeApiServer } from '../support/kube/started-kube-apiserver.ts';

const go = await goVersion();

describe('with kube-apiserver', {
  skip: go === undefined ? 'there is no Go toolchain to build it with' : false,
}, () => {
  let etcd: EtcdServer | undefined;
  let api: StartedKubeApiServer | undefined;

  before(async () => {
    if (go !== undefined) {
      etcd = await startEtcd({ release: await etcdRelease('3.5') });
      api = await startKubeApiServer(etcd.clientUrl);
    }
  });
  after(async () => {
    await api?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
  });

  leaseSuite('a real API server', async () => {
    if (api === undefined) {
      throw new Error('it has not started');
    }
    return await realLeases(api);
  });
});
