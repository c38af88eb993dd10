import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lzw } from '../../../../src/snapshot/compression/lzw.ts';
import { compress, decompress } from '../../../../src/snapshot/compression.ts';
import { CompressionDamage } from '../../../../src/snapshot/damage.ts';
import { collected, inPieces, podNames, seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

/** Bytes that are many pieces. */
const LARGE = 4 * 1024 * 1024;

test('damaged lzw ends in damage or other bytes, never in anything else', async () => {
  const random = seededRandom(13);
  const packed = await collected(compress(inPieces(podNames().subarray(0, 100_000), 50_000), 'lzw'));
  let refused = 0;
  const flips = randomWalkLength({ usual: 60, long: 500 });
  for (let flip = 0; flip < flips; flip += 1) {
    const flipped = Buffer.from(packed);
    for (let count = 0; count < 3; count += 1) {
      flipped[Math.floor(random() * flipped.length)] = random() * 256;
    }
    try {
      await collected(decompress(inPieces(flipped, 10_000), 'lzw'));
    } catch (error) {
      assert.ok(error instanceof CompressionDamage, String(error));
      refused += 1;
    }
  }
  assert.ok(refused > 0);
});

test('a few bytes that become very many are given out in pieces', async () => {
  const packed = await collected(compress(inPieces(Buffer.alloc(LARGE), 1 << 20), 'lzw'));
  assert.ok(packed.length < 50_000);
  let size = 0;
  for await (const piece of decompress(inPieces(packed, packed.length), 'lzw')) {
    assert.ok(piece.length <= 300 * 1024, `${piece.length} bytes at once`);
    assert.ok(piece.buffer.byteLength <= 300 * 1024);
    size += piece.length;
  }
  assert.equal(size, LARGE);
});

test('pieces that are kept stay as they were', async () => {
  const text = podNames().subarray(0, 120_000);
  const packed = await collected(compress(inPieces(text, 50_000), 'lzw'));
  for (const pieceSize of [1, 7, 100_000]) {
    assert.ok(text.equals(await collected(decompress(inPieces(packed, pieceSize), 'lzw'))));
  }
});

/** Codes of one width, from the least significant bit on. */
function coded(codes: readonly number[], width = Lzw.firstWidth): Buffer {
  const bits = codes.flatMap((code) => Array.from({ length: width }, (_, bit) => (code >> bit) & 1));
  return Buffer.from(
    Array.from({ length: Math.ceil(bits.length / 8) }, (_, at) =>
      bits.slice(8 * at, 8 * at + 8).reduce((byte, bit, place) => byte | (bit << place), 0),
    ),
  );
}

test('a code is damage until its string is defined, and then has it', async () => {
  const [a, b] = [0x61, 0x62];
  const expanded = async (codes: readonly number[]): Promise<string> =>
    String(await collected(decompress(inPieces(coded([Lzw.clear, ...codes, Lzw.end]), 100), 'lzw')));
  assert.equal(await expanded([a, 258, 259]), 'aaaaaa');
  assert.equal(await expanded([a, b, 258, 260]), 'abababa');
  for (const codes of [[258], [a, 259], [a, 258, 260], [a, b, 260], [a, b, Lzw.clear, 258], [a, Lzw.clear, b, 259]]) {
    await assert.rejects(expanded(codes), CompressionDamage, codes.join());
  }
});

test('short texts arrive whole, also a byte at a time', async () => {
  for (let length = 0; length < 20; length++) {
    const text = podNames().subarray(0, length);
    const packed = await collected(compress(inPieces(text, 1), 'lzw'));
    assert.ok(text.equals(await collected(decompress(inPieces(packed, 1), 'lzw'))), `${length} bytes`);
  }
});
