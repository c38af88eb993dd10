import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { NativeDeflater } from '../../../../src/snapshot/compression/native-deflater.ts';
import { StreamDeflater } from '../../../../src/snapshot/compression/stream-deflater.ts';
import { podNames, seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { alikeFarOff, halfNoise } from '../../../support/fixtures/half-noise.ts';

const KiB = 1024;

async function begun(): Promise<NativeDeflater> {
  return (await NativeDeflater.begin()) ?? assert.fail('it is built by `make install`');
}

const CONTENTS = {
  nothing: Buffer.alloc(0),
  'a byte': Buffer.from('a'),
  zeros: Buffer.alloc(300_000),
  text: podNames().subarray(0, 512 * KiB),
  noise: seededBytes(512 * KiB, 5),
  'half noise': halfNoise(512 * KiB),
  'what is alike far off': alikeFarOff(512 * KiB),
};

test('it makes what the streams of Node make, at any level, one member after the other', async () => {
  using native = await begun();
  using streams = new StreamDeflater();
  const output = Buffer.alloc(600 * KiB);
  for (const level of [0, 3, 6, 9, 3, 1]) {
    for (const flushEach of [undefined, 64 * KiB, 100_001, 512 * KiB]) {
      for (const [what, block] of Object.entries(CONTENTS)) {
        const name = `${what} at level ${level}, flushed each ${flushEach}`;
        const made = await native.member(block, output, { level, flushEach: flushEach ?? 0 });
        assert.ok(made !== undefined, name);
        const member = output.subarray(0, made.size);
        assert.ok(gunzipSync(member).equals(block), name);
        for (const [at, point] of made.flushedAt.entries()) {
          const rest = inflateRawSync(member.subarray(point, -8));
          assert.ok(rest.equals(block.subarray((at + 1) * (flushEach ?? 0))), `${name}: point ${at}`);
        }
        if (level > 0) {
          const { pieces, flushedAt } = await streams.member(block, { level, flushEach });
          assert.deepEqual(made.flushedAt, flushedAt, name);
          // The stream flushes also before the end.
          assert.ok(flushEach !== undefined || member.equals(Buffer.concat(pieces)), name);
        }
      }
    }
  }
});

test('without room for a member there is none, and the next one is sound', async () => {
  using native = await begun();
  const block = CONTENTS['half noise'];
  for (const flushEach of [0, 64 * KiB]) {
    for (const room of [0, 1, 30_000, 100_000]) {
      assert.equal(await native.member(block, Buffer.alloc(room), { level: 3, flushEach }), undefined, `${room}`);
    }
    const output = Buffer.alloc(400_000);
    const made = await native.member(block, output, { level: 3, flushEach });
    assert.ok(gunzipSync(output.subarray(0, made?.size)).equals(block));
  }
});

test('it may be ended while it works', async () => {
  const block = CONTENTS.text;
  const output = Buffer.alloc(600 * KiB);
  let working: ReturnType<NativeDeflater['member']>;
  {
    using native = await begun();
    working = native.member(block, output, { level: 6, flushEach: 0 });
  }
  const made = await working;
  assert.ok(gunzipSync(output.subarray(0, made?.size)).equals(block));
});

test('a second member before the first has ended, and one after the end, are refused', async () => {
  const native = await begun();
  const output = Buffer.alloc(600 * KiB);
  const first = native.member(CONTENTS.text, output, { level: 6, flushEach: 0 });
  await assert.rejects(native.member(CONTENTS.text, Buffer.alloc(9), { level: 6, flushEach: 0 }), TypeError);
  assert.ok((await first) !== undefined);
  await assert.rejects(native.member(CONTENTS.text, output, { level: 10, flushEach: 0 }), TypeError);
  native[Symbol.dispose]();
  await assert.rejects(native.member(CONTENTS.text, output, { level: 6, flushEach: 0 }), TypeError);
});
