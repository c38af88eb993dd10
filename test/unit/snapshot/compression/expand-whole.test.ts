import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { expandWhole } from '../../../../src/snapshot/compression/expand-whole.ts';
import { CompressionDamage } from '../../../../src/snapshot/damage.ts';
import { seededBytes } from '../../../support/byte-streams.ts';

const most = 10_000_000;
const plain = Buffer.concat([seededBytes(300_000, 1), Buffer.alloc(900_000, 'text ')]);
const compressed = { gzip: gzipSync(plain), zlib: deflateSync(plain) } as const;

test('expandWhole gives what was compressed, several gzip members included', async () => {
  for (const compression of ['gzip', 'zlib'] as const) {
    assert.ok(plain.equals((await expandWhole(compressed[compression], compression, { most })) ?? Buffer.alloc(0)));
  }
  const members = Buffer.concat([compressed.gzip, gzipSync(Buffer.from('end'))]);
  const whole = Buffer.concat([plain, Buffer.from('end')]);
  assert.ok(whole.equals((await expandWhole(members, 'gzip', { most })) ?? Buffer.alloc(0)));
  assert.equal(await expandWhole(plain, 'none', { most }), plain);
  assert.equal((await expandWhole(gzipSync(Buffer.alloc(0)), 'gzip', { most }))?.length, 0);
});

test('expandWhole leaves to the stream what is too large or lzw', async () => {
  assert.equal(await expandWhole(compressed.gzip, 'gzip', { most: plain.length - 1 }), undefined);
  assert.equal(await expandWhole(compressed.zlib, 'zlib', { most: plain.length - 1 }), undefined);
  assert.equal(await expandWhole(plain, 'lzw', { most }), undefined);
});

test('expandWhole notices what is cut short, altered or followed by something', async () => {
  for (const compression of ['gzip', 'zlib'] as const) {
    const bytes = compressed[compression];
    for (const length of [0, 1, 3, 20, bytes.length >> 1, bytes.length - 1]) {
      const cut = bytes.subarray(0, length);
      await assert.rejects(
        expandWhole(cut, compression, { most }),
        CompressionDamage,
        `${compression} cut at ${length}`,
      );
    }
    const altered = Buffer.from(bytes);
    altered[bytes.length - 2] = (altered[bytes.length - 2] ?? 0) ^ 1;
    await assert.rejects(expandWhole(altered, compression, { most }), CompressionDamage);
    const followed = Buffer.concat([bytes, Buffer.from('more')]);
    await assert.rejects(expandWhole(followed, compression, { most }), CompressionDamage);
  }
});
