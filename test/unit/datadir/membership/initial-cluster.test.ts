import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInitialCluster, readInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';

test('a name may have several URLs, which are sorted; empty entries are skipped as etcd does', () => {
  const cluster = parseInitialCluster(',a=http://b:1,c=https://d:2,a=HTTP://a:1,');
  assert.deepEqual(Object.fromEntries(cluster), { a: ['http://a:1', 'http://b:1'], c: ['https://d:2'] });
});

for (const [text, wrong] of [
  ['', 'it names no member'],
  [',', 'it names no member'],
  ['a', '"a" is not NAME=URL'],
  ['a=http://a:1,http://b:1', '"http://b:1" is not NAME=URL'],
  ['=http://a:1', '"=http://a:1" is not NAME=URL'],
  ['a=http://a:1/x', 'in "a=http://a:1/x" something follows host and port'],
  ['a=http://a:1,b=http://a:1', 'http://a:1 is given for a and for b'],
  ['a=http://a:1,a=http://a:1', 'http://a:1 is given twice for a'],
] as const) {
  test(`${JSON.stringify(text)} is no cluster`, () => {
    assert.deepEqual(readInitialCluster(text), { wrong });
    assert.throws(() => parseInitialCluster(text), RangeError);
  });
}
