import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rechunk } from '../../../../src/runtime/streams/rechunk.ts';
import { inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const BYTES = seededBytes(10_000, 3);

for (const pieceSize of [1, 7, 1_000, 1_024, 3_000, 20_000]) {
  for (const length of [0, 1, 1_024, 2_048, 2_049, 10_000]) {
    test(`${length} bytes in pieces of ${pieceSize} become blocks, and none is touched while the two after it are taken`, async () => {
      const sizes: number[] = [];
      const copies: Buffer[] = [];
      let previous: readonly { readonly block: Uint8Array; readonly copy: Buffer }[] = [];
      for await (const block of rechunk(inPieces(BYTES.subarray(0, length), pieceSize), 1_024)) {
        assert.ok(previous.every((each) => each.copy.equals(each.block)));
        const copy = Buffer.from(block);
        previous = [...previous, { block, copy }].slice(-2);
        copies.push(copy);
        sizes.push(block.length);
      }
      assert.ok(BYTES.subarray(0, length).equals(Buffer.concat(copies)));
      assert.ok(sizes.slice(0, -1).every((size) => size === 1_024) && !sizes.includes(0));
    });
  }
}
