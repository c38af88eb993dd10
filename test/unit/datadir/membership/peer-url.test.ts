import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePeerUrl, readPeerUrl } from '../../../../src/datadir/membership/peer-url.ts';

test('a peer URL keeps all but space around it and the case of its scheme, as its bytes decide the member id', () => {
  for (const [text, url] of [
    ['http://localhost:80', 'http://localhost:80'],
    [' HTTPS://etcd-main-0.NS.svc:2380 ', 'https://etcd-main-0.NS.svc:2380'],
    ['http://[2001:db8::1]:2380', 'http://[2001:db8::1]:2380'],
    ['unix://localhost:23800', 'unix://localhost:23800'],
    ['unixs://m1:1', 'unixs://m1:1'],
  ] as const) {
    assert.deepEqual(readPeerUrl(text), { value: url });
  }
});

for (const [text, wrong] of [
  ['', /http:\/\/ or https:\/\/ is missing/],
  ['localhost:2380', /http:\/\/ or https:\/\/ is missing/],
  ['ftp://a:1', /its scheme is not http or https/],
  ['http://a', /no valid host and port/],
  ['http://:2380', /no valid host and port/],
  ['http://a:65536', /no valid host and port/],
  ['http://10.0.0.300:2380', /no valid host and port/],
  ['http://::1:2380', /no valid host and port/],
  ['http://a b:2380', /no valid host and port/],
  ['http://a:1/', /something follows host and port/],
  ['http://a:1/x', /something follows host and port/],
  ['http://a:1?x', /something follows host and port/],
  ['unix:///run/etcd.sock', /something follows host and port/],
  ['http://u:p@a:1', /a user name/],
] as const) {
  test(`${JSON.stringify(text)} is no peer URL`, () => {
    const reading = readPeerUrl(text);
    assert.match('wrong' in reading ? reading.wrong : '', wrong);
    assert.throws(() => parsePeerUrl(text), RangeError);
  });
}
