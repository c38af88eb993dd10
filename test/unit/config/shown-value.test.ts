import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OptionSpec } from '../../../src/config/option.ts';
import { shownValue } from '../../../src/config/shown-value.ts';

const text = { flag: 'x', help: 'X.', type: 'string', default: undefined } as const;
const specs = {
  bool: { ...text, type: 'bool', default: false },
  duration: { ...text, type: 'duration', default: '1s' },
  uint: { ...text, type: 'uint', default: 1 },
  level: { ...text, type: 'uint32', default: 4, names: { error: 2, debug: 5 } },
  choices: { ...text, choices: ['Exponential', 'LimitBased'] },
  url: { ...text, rule: 'url' },
  endpoint: { ...text, type: 'strings', default: [], rule: 'etcd endpoint' },
  cron: { ...text, rule: 'cron' },
  time: { ...text, rule: 'time' },
  ttl: { ...text, rule: 'lease ttl' },
  cluster: { ...text, rule: 'initial cluster' },
  text,
  secret: { ...text, secret: true },
} satisfies Readonly<Record<string, OptionSpec>>;

describe('a refused value', () => {
  const shown: readonly (readonly [keyof typeof specs, string, string?])[] = [
    ['bool', 'yes'],
    ['duration', '10x'],
    ['duration', '1h30'],
    ['uint', '-5'],
    ['uint', '99999999999999999999'],
    ['level', 'debgu'],
    ['choices', 'limitbased'],
    ['url', 'ftp://minio:9000', 'ftp://minio:9000'],
    ['url', 'http://root:hunter2@h:1/p?q', 'http://h:1'],
    ['url', 'http://root:hun@ter2@h:1', 'http://h:1'],
    ['endpoint', 'https://h:1/path', 'https://h:1'],
    ['cron', '0 0 30 feb *'],
    ['time', '2026-13-21T09:30:00Z'],
    ['ttl', '500ms'],
  ];
  for (const [name, given, expected = given] of shown) {
    it(`of ${name} shows ${expected}`, () => assert.equal(shownValue(specs[name], given), expected));
  }

  const secrets = [
    'hunter2',
    'root:hunter2@127.0.0.1:2379',
    'root:hunter2',
    'http://root:hun/ter2@h:1',
    'http://root:hunter2',
    'password=hunter2',
    '--etcd-password=hunter2',
    '"hunter2"',
    "'hunter2'",
    'a,hunter2,b',
    'root%3Ahunter2%40h',
    'http://root%3Ahunter2%40h:1',
    '{"password":"hunter2"}',
    '7 hunter2',
  ];
  for (const name of Object.keys(specs)) {
    it(`of ${name} shows no password`, () => {
      for (const secret of secrets) {
        const found = shownValue(specs[name as keyof typeof specs], secret);
        assert.doesNotMatch(found ?? '', /hun|ter2/, secret);
      }
    });
  }

  it('is not looked at for long', () => {
    assert.equal(shownValue(specs.duration, '1'.repeat(100_000)), undefined);
    assert.equal(shownValue(specs.duration, `${'1'.repeat(110)}!`), undefined);
  });
});
