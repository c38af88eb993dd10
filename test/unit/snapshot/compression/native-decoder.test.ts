import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gunzipMembers } from '../../../../src/snapshot/compression/gunzip-members.ts';
import { gzipMembers } from '../../../../src/snapshot/compression/gzip-members.ts';
import { unzstdFrames } from '../../../../src/snapshot/compression/unzstd-frames.ts';
import { zstdFrames } from '../../../../src/snapshot/compression/zstd-frames.ts';
import { collected, inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const MEMBER = 512 * 1024;

/** A quarter of it does not shrink: members are large enough to be expanded natively, and no input is as large as an output. */
const contents = Buffer.concat(
  Array.from({ length: 8 }, (_, at) => [seededBytes(MEMBER / 4, at), Buffer.alloc((3 * MEMBER) / 4)]).flat(),
);

async function* slowly(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const piece of inPieces(bytes, 50_000)) {
    await setImmediate();
    yield piece;
  }
}

for (const [compression, pack, unpack] of [
  ['gzip', gzipMembers, gunzipMembers],
  ['zstd', zstdFrames, unzstdFrames],
] as const) {
  test(`${compression}: without memory for what is expanded the reader is told, whatever is expanded by then`, async (t) => {
    const packed = await collected(pack(inPieces(contents, MEMBER), {}));
    const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
    let refused = 0;
    t.mock.method(Buffer, 'allocUnsafeSlow', (size: number) => {
      if (size > 0 && size % MEMBER === 0) {
        refused += 1;
        throw new RangeError('Array buffer allocation failed');
      }
      return allocate(size);
    });
    await assert.rejects(collected(unpack(slowly(packed))), /Array buffer allocation failed/);
    // Nothing else: what is not awaited would end the process.
    await setImmediate();
    assert.ok(refused > 1, `${refused} times`);
  });
}
