import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textChecks, textParsers } from '../../../src/config/text-rules.ts';

const accepted = {
  url: ['http://minio:9000', 'https://s3.example.com/path'],
  'etcd endpoint': ['http://127.0.0.1:2379', 'https://etcd-main-client:2379', 'localhost:2379', 'https://[::1]:2379'],
  'peer url': ['http://localhost:2380', 'https://10.0.0.1:2380', 'http://[::1]:2380', 'unix://localhost:2380'],
  'initial cluster': [
    'default=http://localhost:2380',
    'a=http://10.0.0.1:2380,a=http://10.0.0.2:2380,b=https://h:1',
    'a=http://h:1,',
  ],
  time: ['2026-11-21T09:30:00Z', '2026-11-21T10:30:00.123456789+01:00'],
  'lease ttl': ['strip', '1h', '90s'],
  'not empty': ['a'],
} as const;

const refused = {
  url: ['', 'minio:9000', 'ftp://minio', 'http://'],
  'etcd endpoint': ['', 'ftp://h:1', 'http://user:secret@h:1', 'http://h:1/path', 'http://h:99999', 'unix:///run/etcd'],
  'peer url': ['', 'localhost:2380', 'http://localhost', 'http://localhost:2380/', 'ftp://h:1', 'http://:2380'],
  'initial cluster': [
    '',
    'http://localhost:2380',
    '=http://h:1',
    'a=h:1',
    ',',
    'a=http://h',
    'a=http://h:1,b=http://h:1',
  ],
  time: ['', '2026-11-21', '2026-13-21T09:30:00Z', '2026-02-30T09:30:00Z', '09:30', 'yesterday'],
  'lease ttl': ['', '3600', '500ms', 'never'],
  'not empty': ['', ' '],
} as const;

/** What is wrong with a text, by each rule. */
const faults = {
  ...textChecks,
  time: (text: string) => faultOf(textParsers.time(text)),
  'lease ttl': (text: string) => faultOf(textParsers['lease ttl'](text)),
  'peer url': (text: string) => faultOf(textParsers['peer url'](text)),
  'initial cluster': (text: string) => faultOf(textParsers['initial cluster'](text)),
};

function faultOf(reading: object): string | undefined {
  return 'wrong' in reading ? String(reading.wrong) : undefined;
}

for (const [rule, check] of Object.entries(faults)) {
  const name = rule as keyof typeof faults;
  describe(`a text that must be: ${rule}`, () => {
    for (const text of accepted[name]) {
      it(`may be ${JSON.stringify(text)}`, () => assert.equal(check(text), undefined));
    }
    for (const text of refused[name]) {
      it(`may not be ${JSON.stringify(text)}`, () => assert.equal(typeof check(text), 'string'));
    }
  });
}
