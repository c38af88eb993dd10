import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readListItems } from '../../../src/config/list-items.ts';
import { etcdConnectionOptions } from '../../../src/config/options/etcd-connection.ts';
import { memberOptions } from '../../../src/config/options/restoration.ts';
import { onceOptions } from '../../../src/config/options/snapshotter.ts';

const { endpoints, serviceEndpoints } = etcdConnectionOptions.options;
const { include } = onceOptions.options;
const { initialAdvertisePeerUrls: peers } = memberOptions.options;

describe('the items of a list', () => {
  for (const option of [endpoints, serviceEndpoints, include]) {
    const [a, b] = option === include ? ['/etc/a', '/etc/b'] : ['http://a:1', 'http://b:2'];

    it(`of --${option.flag} have no blanks around them`, () => {
      assert.deepEqual(readListItems(option, [` ${a} ,\t"${b}"\n`], 'environment'), { value: [a, b] });
      assert.deepEqual(readListItems(option, [` ${a}`, `${b}\u00a0`], 'file'), { value: [a, b] });
    });

    for (const text of [`${a},`, `,${a}`, `${a},,${b}`, `${a}, ,${b}`, ',', `${a},""`]) {
      it(`of --${option.flag} are not empty: ${text}`, () => {
        const reading = readListItems(option, [text], 'flag');
        assert.ok('wrong' in reading);
        assert.match(reading.wrong, /a part of the list is empty/);
      });
    }

    it(`of --${option.flag} are each given once`, () => {
      for (const texts of [[`${a},${a}`], [a, a], [`${a}, ${a}`]]) {
        const reading = readListItems(option, texts, 'flag');
        assert.ok('wrong' in reading, texts.join(' '));
        assert.match(reading.wrong, /part 2 is the same as an earlier one/);
      }
    });
  }

  for (const [option, first, second] of [
    [endpoints, 'http://a:2379', 'a'],
    [endpoints, 'http://A:2379', 'http://a:2379/'],
    [endpoints, 'http://[::1]:1', 'http://[0:0:0:0:0:0:0:1]:1'],
    [endpoints, 'http://127.0.0.1:1', 'http://127.1:1'],
    [include, '/etc/a', '/etc/a/'],
    [include, '/etc/a', '/etc/./b/../a'],
    [peers, 'http://A:1', 'http://a:1'],
    [peers, 'http://[::1]:1', 'http://[0::1]:1'],
  ] as const) {
    it(`are the same in other words: ${first} and ${second}`, () => {
      assert.ok('wrong' in readListItems(option, [first, second], 'flag'));
    });
  }

  it('of a flag that is repeated hold no commas', () => {
    const reading = readListItems(peers, ['http://a:1,http://b:1'], 'flag');
    assert.deepEqual(reading, {
      wrong: 'it holds several, separated by commas',
      remedy: 'repeat the flag for each of them',
    });
    assert.deepEqual(readListItems(peers, ['http://a:1,http://b:1'], 'environment'), {
      value: ['http://a:1', 'http://b:1'],
    });
  });
});
