import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressText, leaderAddress } from '../../../src/server/leader-address.ts';

describe('the address of the leader', () => {
  for (const [url, host] of [
    ['http://etcd-main-0.etcd-main-peer.ns.svc:2379', 'etcd-main-0.etcd-main-peer.ns.svc'],
    ['https://10.0.0.1:2379/', '10.0.0.1'],
    ['https://[fd00::1]:2379', 'fd00::1'],
    ['http://[fe80::1%25eth0]:2379', 'fe80::1%eth0'],
  ] as const) {
    it(`is the host of ${url} with our port`, () => {
      const address = leaderAddress(url, 8080);
      assert.deepEqual(address, { host, port: 8080 });
    });
  }

  for (const url of [
    'http://host',
    'https://[fd00::1]',
    'unix://socket:1',
    'host:2379',
    '',
    'http://:2379',
    'http://[x]:1',
    'http://a:b@c:1',
  ]) {
    it(`is unknown for "${url}"`, () => {
      assert.equal(leaderAddress(url, 8080), undefined);
    });
  }

  it('has brackets in texts where it is of IPv6', () => {
    assert.deepEqual(
      [addressText({ host: 'fd00::1', port: 1 }), addressText({ host: 'a.b', port: 2 })],
      ['[fd00::1]:1', 'a.b:2'],
    );
  });
});
