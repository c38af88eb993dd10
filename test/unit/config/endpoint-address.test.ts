import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEndpoint } from '../../../src/config/endpoint-address.ts';

describe('an address of etcd', () => {
  for (const [text, scheme, host, port] of [
    ['http://a', 'http', 'a', 2379],
    ['HTTPS://A:1/', 'https', 'a', 1],
    ['http://a:80', 'http', 'a', 80],
    ['https://a:443/', 'https', 'a', 443],
    ['a:1', undefined, 'a', 1],
    ['a', undefined, 'a', 2379],
    ['[::1]:1', undefined, '[::1]', 1],
  ] as const) {
    it(`is ${text}`, () => assert.deepEqual(readEndpoint(text), { value: { scheme, host, port } }));
  }

  for (const text of [
    '',
    'ftp://a:1',
    'a:b',
    'http://',
    'password=hunter2',
    'http://x%40y:1',
    '{"a":1}',
    'http://a:1?x',
  ]) {
    it(`is not ${text}`, () => {
      const reading = readEndpoint(text);
      assert.ok('wrong' in reading);
      assert.doesNotMatch(reading.wrong, /hunter2/);
    });
  }
});
