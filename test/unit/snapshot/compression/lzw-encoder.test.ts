import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compress, decompress } from '../../../../src/snapshot/compression.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';

test('lzw writes what Go writes, byte for byte', async () => {
  for (const { bytes } of goldenObjects('etcd-3.5/lzw')) {
    assert.ok(bytes.equals(await collected(compress(decompress(inPieces(bytes, 10_000), 'lzw'), 'lzw'))));
  }
});
