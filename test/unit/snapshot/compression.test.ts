import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { compress, decompress } from '../../../src/snapshot/compression.ts';
import { CompressionDamage } from '../../../src/snapshot/damage.ts';
import { parseRelativeKey } from '../../../src/snapshot/name.ts';
import type { Compression } from '../../../src/snapshot/snapshot.ts';
import { checkTrailingHash } from '../../../src/snapshot/trailing-hash.ts';
import { collected, inPieces, podNames, seededBytes, seededRandom } from '../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zlib', 'lzw', 'zstd'];
const CHECKED: readonly Compression[] = ['gzip', 'zlib', 'lzw', 'zstd'];

async function compressed(bytes: Uint8Array, compression: Compression): Promise<Buffer> {
  return await collected(compress(inPieces(bytes, 50_000), compression));
}

async function expanded(bytes: Uint8Array, compression: Compression, pieceSize = 10_000): Promise<Buffer> {
  return await collected(decompress(inPieces(bytes, pieceSize), compression));
}

const TEXT = podNames().subarray(0, 300_000);

for (const compression of COMPRESSIONS) {
  for (const [title, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([0])],
    ['a megabyte of zeros', Buffer.alloc(1 << 20)],
    ['text', TEXT],
    ['noise', seededBytes(300_000, 5)],
  ] as const) {
    test(`${compression}: ${title} survives`, async () => {
      const packed = await compressed(bytes, compression);
      assert.ok(bytes.equals(await expanded(packed, compression)));
      assert.ok(bytes.equals(await expanded(packed, compression, 1 << 20)));
    });
  }
}

for (const backup of [
  'etcd-3.5/gzip',
  'etcd-3.5/zlib',
  'etcd-3.5/lzw',
  'etcd-3.5/none',
  'etcd-3.4/gzip',
  'layout-v1',
]) {
  test(`golden ${backup}: every object expands and its hash holds`, async () => {
    for (const { key, bytes } of goldenObjects(backup)) {
      const parsed = parseRelativeKey(key);
      assert.ok(parsed.outcome === 'snapshot');
      const plain = decompress(inPieces(bytes, 4096), parsed.snapshot.compression);
      await checkTrailingHash(plain);
    }
  });
}

test('a reader that stops early causes no failure', async () => {
  for (const compression of CHECKED) {
    const packed = await compressed(TEXT, compression);
    for await (const _ of decompress(inPieces(packed, 100), compression)) {
      break;
    }
  }
});

for (const compression of CHECKED) {
  test(`${compression}: every truncation is found`, async () => {
    const packed = await compressed(TEXT.subarray(0, 20_000), compression);
    for (let length = 0; length < packed.length; length += 1 + Math.floor(length / 20)) {
      await assert.rejects(expanded(packed.subarray(0, length), compression), CompressionDamage, `${length} bytes`);
    }
    await assert.rejects(expanded(packed.subarray(0, -1), compression), CompressionDamage);
  });

  for (const [what, tail] of [
    ['one zero byte', Buffer.alloc(1)],
    ['zeros', Buffer.alloc(600)],
    ['noise', seededBytes(600, 9)],
    ['half a gzip header', Buffer.from([0x1f])],
  ] as const) {
    for (const pieceSize of [64, 1 << 20]) {
      test(`${compression}: ${what} after the end is found in pieces of ${pieceSize}`, async () => {
        const packed = await compressed(TEXT.subarray(0, 5000), compression);
        await assert.rejects(expanded(Buffer.concat([packed, tail]), compression, pieceSize), CompressionDamage);
      });
    }
  }
}

test('garbage that begins with the next piece is found', async () => {
  for (const [packed, compression] of [
    [gzipSync('x'), 'gzip'],
    [deflateSync('x'), 'zlib'],
  ] as const) {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield packed;
      yield Buffer.alloc(10);
    }
    await assert.rejects(collected(decompress(source(), compression)), /something follows/);
  }
});

test('flipped bits are damage or change nothing', async () => {
  const random = seededRandom(11);
  const flips = randomWalkLength({ usual: 60, long: 300 });
  for (const compression of ['gzip', 'zlib'] as const) {
    const packed = await compressed(TEXT.subarray(0, 3000), compression);
    for (let flip = 0; flip < flips; flip += 1) {
      const flipped = Buffer.from(packed);
      const at = Math.floor(random() * flipped.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      try {
        // Some header bits of gzip (time, system) mean nothing.
        assert.ok(TEXT.subarray(0, 3000).equals(await expanded(flipped, compression)));
      } catch (error) {
        assert.ok(error instanceof CompressionDamage, String(error));
      }
    }
  }
});

test('a piece may be overwritten once the next one is asked for', async () => {
  async function* overwriting(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(100_000);
    for (let start = 0; start < TEXT.length; start += piece.length) {
      const length = TEXT.copy(piece, 0, start, start + piece.length);
      yield piece.subarray(0, length);
      piece.fill(0);
    }
  }
  for (const compression of CHECKED) {
    const packed = await collected(compress(overwriting(), compression));
    assert.ok(TEXT.equals(await expanded(packed, compression)), compression);
  }
});

test('errors of the source pass unchanged', async () => {
  const lost = new Error('connection lost');
  for (const compression of COMPRESSIONS) {
    const packed = await compressed(TEXT, compression);
    async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1000);
      throw lost;
    }
    await assert.rejects(collected(decompress(failing(packed), compression)), lost);
    await assert.rejects(collected(compress(failing(TEXT), compression)), lost);
  }
});
