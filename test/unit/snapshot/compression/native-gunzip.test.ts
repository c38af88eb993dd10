import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gzipSync, type ZlibOptions } from 'node:zlib';
import { loadNativeGunzip, type NativeGunzip } from '../../../../src/snapshot/compression/native-gunzip.ts';
import { podNames, seededBytes, seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

async function loaded(): Promise<NativeGunzip> {
  const gunzip = await loadNativeGunzip();
  assert.ok(gunzip !== undefined, 'it is built by `make install`');
  return gunzip;
}

const CONTENTS = {
  nothing: Buffer.alloc(0),
  'a byte': Buffer.from('a'),
  zeros: Buffer.alloc(300_000),
  text: podNames().subarray(0, 100_000),
  noise: seededBytes(70_000, 5),
};

const WAYS: Readonly<Record<string, ZlibOptions>> = {
  stored: { level: 0 },
  fast: { level: 1 },
  best: { level: 9 },
  'without matches': { strategy: constants.Z_HUFFMAN_ONLY },
  'with fixed codes': { strategy: constants.Z_FIXED },
};

for (const [what, bytes] of Object.entries(CONTENTS)) {
  test(`${what}: what zlib has compressed is expanded, whatever the way`, async () => {
    const gunzip = await loaded();
    for (const [way, options] of Object.entries(WAYS)) {
      const member = gzipSync(bytes, options);
      // What follows the member in its memory is not looked at.
      const input = Buffer.concat([member, Buffer.from('rest')]);
      const output = Buffer.alloc(bytes.length + 10, 0xaa);
      assert.equal(await gunzip(input, member.length, output), bytes.length, way);
      assert.ok(output.subarray(0, bytes.length).equals(bytes), way);
      assert.ok(output.subarray(bytes.length).equals(Buffer.alloc(10, 0xaa)), 'nothing is written after it');
    }
  });
}

test('what is not exactly one sound member is refused', async () => {
  const gunzip = await loaded();
  const { text } = CONTENTS;
  const member = gzipSync(text);
  const output = Buffer.alloc(2 * text.length);
  const refused = async (input: Buffer, why: string, room = output): Promise<void> => {
    assert.equal(await gunzip(input, input.length, room), -1, why);
  };
  await refused(Buffer.alloc(0), 'nothing');
  await refused(member.subarray(0, 3), 'three bytes');
  await refused(member.subarray(0, -1), 'its end is missing');
  await refused(Buffer.concat([member, Buffer.alloc(1)]), 'a byte follows');
  await refused(Buffer.concat([member, member]), 'a member follows');
  await refused(member, 'no room', Buffer.alloc(text.length - 1));
  const withHeaderChecksum = Buffer.concat([member.subarray(0, 10), Buffer.alloc(2), member.subarray(10)]);
  withHeaderChecksum.writeUInt8(2, 3);
  await refused(withHeaderChecksum, 'its header has a checksum, which is wrong');
});

test('no altered byte of what is expanded goes unnoticed', async () => {
  const gunzip = await loaded();
  const { text } = CONTENTS;
  const member = gzipSync(text);
  const random = seededRandom(11);
  const output = Buffer.alloc(2 * text.length);
  for (let round = randomWalkLength({ usual: 100, long: 20_000 }); round > 0; round -= 1) {
    const altered = Buffer.from(member);
    const place = 10 + Math.floor(random() * (member.length - 10));
    altered[place] = (altered[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    const expanded = await gunzip(altered, altered.length, output);
    // A bit of the last block may be one that says nothing.
    assert.ok(expanded === -1 || output.subarray(0, expanded).equals(text), `at ${place}`);
  }
});

test('what is no array of bytes, or shorter than it is said to be, is a fault of the caller', async () => {
  const gunzip = await loaded();
  const bytes = Buffer.alloc(10);
  for (const [input, size, output] of [
    [bytes, 11, bytes],
    [bytes, -1, bytes],
    [[1, 2], 2, bytes],
    [bytes, 10, new Uint32Array(4)],
  ] as const) {
    assert.throws(() => void gunzip(input as Uint8Array, size, output as unknown as Uint8Array), TypeError);
  }
});
