import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverOptions } from '../../../../src/config/options/server.ts';

describe('--listen-address', () => {
  const complaint = (listenAddress: string | undefined) =>
    serverOptions.check?.({
      port: 8080,
      listenAddress,
      certFile: undefined,
      keyFile: undefined,
      caFile: undefined,
      authTokenFile: undefined,
      noUi: false,
      enableProfiling: false,
      useEtcdWrapper: false,
      etcdWrapperPort: 9095,
    });

  for (const address of [undefined, '127.0.0.1', '::1', '::', '0.0.0.0', 'fe80::1%eth0', 'localhost', 'etcd-0.peer.']) {
    it(`takes ${address}`, () => {
      assert.equal(complaint(address), undefined);
    });
  }

  for (const address of ['[::1]', ':8080', '0.0.0.0:8080', 'http://localhost', 'local host', '-x']) {
    it(`refuses ${address}`, () => {
      const found = complaint(address);
      assert.equal(found?.option, 'listenAddress');
      assert.match(found.remedy, /without a port, which is that of --server-port/);
    });
  }
});
