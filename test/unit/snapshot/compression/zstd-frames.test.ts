import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzstdFrames } from '../../../../src/snapshot/compression/unzstd-frames.ts';
import { zstdFrames } from '../../../../src/snapshot/compression/zstd-frames.ts';
import { chooseZstdLevel } from '../../../../src/snapshot/compression/zstd-level.ts';
import { collected, inPieces, podNames, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const TEXT = podNames().subarray(0, 140_000);

test('a piece may be overwritten once the next one is asked for', async () => {
  async function* overwriting(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(30_000);
    for (let start = 0; start < TEXT.length; start += piece.length) {
      yield piece.subarray(0, TEXT.copy(piece, 0, start, start + piece.length));
      piece.fill(0);
    }
  }
  const packed = zstdFrames(overwriting(), { blockSize: 20_000 });
  assert.ok(TEXT.equals(await collected(unzstdFrames(packed))));
});

test('a higher level makes it smaller, and a level that was chosen is at least as small as the fast one', async () => {
  const size = async (level?: number): Promise<number> =>
    (await collected(zstdFrames(inPieces(TEXT, 50_000), { level }))).length;
  assert.ok((await size(15)) < (await size(1)));
  assert.ok((await size()) <= (await size(1)));
});

test('what the usual level makes no smaller is compressed by the fast one', async () => {
  assert.equal(await chooseZstdLevel(seededBytes(300_000, 7)), 1);
});

test('errors of the source pass', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield TEXT;
    throw new Error('lost');
  }
  await assert.rejects(collected(zstdFrames(failing(), { blockSize: 20_000 })), /^Error: lost$/);
});
