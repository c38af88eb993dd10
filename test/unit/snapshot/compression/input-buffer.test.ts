import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compress, decompress } from '../../../../src/snapshot/compression.ts';
import { collected, inPieces, podNames } from '../../../support/fixtures/byte-streams.ts';

const TEXT = podNames();
const objects = 16;

for (const [what, packed] of [
  ['gzip', collected(compress(inPieces(TEXT.subarray(0, 3_000), 3_000), 'gzip'))],
  ['gzip of the Go program', Promise.resolve(gzipSync(TEXT.subarray(0, 3_000)))],
  ['zstd', collected(compress(inPieces(TEXT.subarray(0, 3_000), 3_000), 'zstd'))],
] as const) {
  test(`a small object of ${what} takes little memory: a store has thousands`, async () => {
    const bytes = await packed;
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < objects; at += 1) {
      const read = await collected(decompress(inPieces(bytes, 10_000), what === 'zstd' ? 'zstd' : 'gzip'));
      assert.equal(read.length, 3_000);
    }
    const each = (process.memoryUsage().arrayBuffers - before) / objects;
    assert.ok(each < 200 * 1024, `${Math.round(each / 1024)} KiB`);
  });
}

test('small members and frames may be followed by large ones, and these by small ones', async () => {
  for (const compression of ['gzip', 'zstd'] as const) {
    const sizes = [100, 400_000, 50, 70_000, 20_000, 3];
    const parts = sizes.map((size) => TEXT.subarray(0, size));
    const packed = await Promise.all(parts.map((part) => collected(compress(inPieces(part, 50_000), compression))));
    const whole = Buffer.concat(packed);
    for (const piecesInFlight of [1, 2]) {
      const read = await collected(decompress(inPieces(whole, 9_999), compression, { piecesInFlight }));
      assert.ok(Buffer.concat(parts).equals(read), compression);
    }
  }
});
