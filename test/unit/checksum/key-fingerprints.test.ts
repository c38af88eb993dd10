import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '../../../src/checksum/crc32c.ts';
import { keyFingerprint, prefixFingerprint } from '../../../src/checksum/key-fingerprints.ts';

function fingerprintsOf(key: string): { readonly key: number; readonly prefixes: readonly number[] } {
  const bytes = Buffer.from(`..${key}..`);
  const prefixes: number[] = [];
  return { key: keyFingerprint(bytes, 2, bytes.length - 2, (each) => prefixes.push(each)), prefixes };
}

const crc = (text: string): number => crc32c(0, Buffer.from(text));

test('a key has the lower bits of its checksum, and its prefixes that end in a slash have theirs', () => {
  assert.deepEqual(fingerprintsOf('/a/b'), { key: crc('/a/b') % 2 ** 24, prefixes: [crc('/'), crc('/a/')] });
  assert.deepEqual(fingerprintsOf('a\0/'), { key: crc('a\0/') % 2 ** 24, prefixes: [crc('a\0/')] });
  assert.deepEqual(fingerprintsOf(''), { key: 0, prefixes: [] });
});

test('every key with a prefix has its fingerprint', () => {
  const key = '/registry/a//b/c/d/e/f/g/h/i';
  const { prefixes } = fingerprintsOf(key);
  assert.equal(prefixes.length, 8);
  for (let length = 1; length <= key.length; length++) {
    assert.ok(prefixes.includes(prefixFingerprint(Buffer.from(key.slice(0, length))) ?? -1), key.slice(0, length));
  }
  assert.equal(prefixFingerprint(Buffer.from('registry')), undefined);
  assert.equal(prefixFingerprint(Buffer.from('')), undefined);
});
