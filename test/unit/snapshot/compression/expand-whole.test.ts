import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { expandWhole } from '../../../../src/snapshot/compression/expand-whole.ts';
import { CompressionDamage } from '../../../../src/snapshot/damage.ts';
import { seededBytes } from '../../../support/byte-streams.ts';

const most = 10_000_000;
const plain = Buffer.concat([seededBytes(300_000, 1), Buffer.alloc(900_000, 'text ')]);
const compressed = { gzip: gzipSync(plain), zlib: deflateSync(plain) } as const;

test('expandWhole gives what was compressed, several gzip members included', () => {
  for (const compression of ['gzip', 'zlib'] as const) {
    assert.ok(plain.equals(expandWhole(compressed[compression], compression, { most }) ?? Buffer.alloc(0)));
  }
  const members = Buffer.concat([compressed.gzip, gzipSync(Buffer.from('end'))]);
  const whole = Buffer.concat([plain, Buffer.from('end')]);
  assert.ok(whole.equals(expandWhole(members, 'gzip', { most }) ?? Buffer.alloc(0)));
  assert.equal(expandWhole(plain, 'none', { most }), plain);
  assert.equal(expandWhole(gzipSync(Buffer.alloc(0)), 'gzip', { most })?.length, 0);
});

test('expandWhole leaves to the stream what is too large or lzw', () => {
  assert.equal(expandWhole(compressed.gzip, 'gzip', { most: plain.length - 1 }), undefined);
  assert.equal(expandWhole(compressed.zlib, 'zlib', { most: plain.length - 1 }), undefined);
  assert.equal(expandWhole(plain, 'lzw', { most }), undefined);
});

test('expandWhole notices what is cut short, altered or followed by something', () => {
  for (const compression of ['gzip', 'zlib'] as const) {
    const bytes = compressed[compression];
    for (const length of [0, 1, 3, 20, bytes.length >> 1, bytes.length - 1]) {
      const cut = bytes.subarray(0, length);
      assert.throws(
        () => expandWhole(cut, compression, { most }),
        CompressionDamage,
        `${compression} cut at ${length}`,
      );
    }
    const altered = Buffer.from(bytes);
    altered[bytes.length - 2] = (altered[bytes.length - 2] ?? 0) ^ 1;
    assert.throws(() => expandWhole(altered, compression, { most }), CompressionDamage);
    const followed = Buffer.concat([bytes, Buffer.from('more')]);
    assert.throws(() => expandWhole(followed, compression, { most }), CompressionDamage);
  }
});
