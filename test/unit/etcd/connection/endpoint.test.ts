import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostAndPort, parseEndpoint } from '../../../../src/etcd/connection/endpoint.ts';
import { EtcdFailure } from '../../../../src/etcd/etcd-failure.ts';

const cases: readonly [string, { readonly assumeSecure: boolean }, string][] = [
  ['http://127.0.0.1:2379', { assumeSecure: true }, 'http://127.0.0.1:2379'],
  ['https://etcd-0.example.com:12379/', { assumeSecure: false }, 'https://etcd-0.example.com:12379'],
  ['etcd-0:2379', { assumeSecure: false }, 'http://etcd-0:2379'],
  ['etcd-0:2379', { assumeSecure: true }, 'https://etcd-0:2379'],
  ['https://[::1]:2379', { assumeSecure: false }, 'https://[::1]:2379'],
  ['https://etcd-0', { assumeSecure: false }, 'https://etcd-0:2379'],
  ['https://etcd-0:443', { assumeSecure: false }, 'https://etcd-0:443'],
  ['http://etcd-0:80', { assumeSecure: false }, 'http://etcd-0:80'],
];

for (const [text, options, url] of cases) {
  test(`${text} is ${url} when ${options.assumeSecure ? 'TLS' : 'plain'} is usual`, () => {
    assert.equal(parseEndpoint(text, options).url, url);
  });
}

test('an IPv6 address loses its brackets as host and has them back in a target', () => {
  const { host, port } = parseEndpoint('https://[::1]:2379', { assumeSecure: false });
  assert.equal(host, '::1');
  assert.equal(hostAndPort(host, port), '[::1]:2379');
});

for (const text of ['', 'ftp://etcd-0:2379', 'http://', 'http://a b']) {
  test(`${JSON.stringify(text)} is refused with the flag to mend`, () => {
    assert.throws(
      () => parseEndpoint(text, { assumeSecure: false }),
      (error) => error instanceof EtcdFailure && error.code === 'etcd_options' && /--endpoints/.test(error.message),
    );
  });
}
