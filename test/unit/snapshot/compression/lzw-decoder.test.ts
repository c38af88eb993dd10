import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compress, decompress } from '../../../../src/snapshot/compression.ts';
import { CompressionDamage } from '../../../../src/snapshot/damage.ts';
import { collected, inPieces, podNames, seededRandom } from '../../../support/fixtures/byte-streams.ts';

test('damaged lzw ends in damage or other bytes, never in anything else', async () => {
  const random = seededRandom(13);
  const packed = await collected(compress(inPieces(podNames().subarray(0, 100_000), 50_000), 'lzw'));
  let refused = 0;
  for (let flip = 0; flip < 500; flip += 1) {
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
