import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInitialCluster, readInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';

test('a name may have several URLs, which are sorted; blanks and a comma at the end count for nothing', () => {
  const cluster = parseInitialCluster(' a=http://b:1, c = https://d:2 ,\n a=HTTP://a:1 , ');
  assert.deepEqual(Object.fromEntries(cluster), { a: ['http://a:1', 'http://b:1'], c: ['https://d:2'] });
});

for (const [text, wrong] of [
  ['', 'it names no member'],
  [',', 'it names no member'],
  [',a=http://a:1', 'part 1 is empty'],
  ['a=http://a:1,,b=http://b:1', 'part 2 is empty'],
  ['a=http://a:1,,', 'part 2 is empty'],
  ['a', 'it is not NAME=URL'],
  ['a=http://a:1,http://b:1', 'part 2 is not NAME=URL'],
  ['=http://a:1', 'it is not NAME=URL'],
  ['a=http://a:1/x', 'something follows host and port'],
  ['b=http://b:1,a=http://a:1/x', 'in part 2 something follows host and port'],
  ['a=http://a:1,b=http://a:1', 'http://a:1 is given for two members'],
  ['a=http://a:1,a=http://a:1', 'http://a:1 is given twice for one member'],
  ['a=http://[::1]:1,b=http://[0:0:0:0:0:0:0:1]:1', 'http://[0:0:0:0:0:0:0:1]:1 is given for two members'],
] as const) {
  test(`${JSON.stringify(text)} is no cluster`, () => {
    assert.deepEqual(readInitialCluster(text), { wrong });
    assert.throws(() => parseInitialCluster(text), RangeError);
  });
}
