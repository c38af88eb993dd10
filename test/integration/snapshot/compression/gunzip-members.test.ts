import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { gunzipMembers } from '../../../../src/snapshot/compression/gunzip-members.ts';
import { gzipMembers } from '../../../../src/snapshot/compression/gzip-members.ts';
import {
  emptyMember,
  MEMBER_HEADER_SIZE,
  memberLength,
  withMemberLength,
} from '../../../../src/snapshot/compression/member-header.ts';
import { throughZlib } from '../../../../src/snapshot/compression/zlib-stage.ts';
import { CompressionDamage } from '../../../../src/snapshot/damage.ts';
import {
  collected,
  inPieces,
  inReusedPieces,
  podNames,
  seededBytes,
  seededRandom,
} from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

const TEXT = podNames().subarray(0, 140_000);
const packing = collected(gzipMembers(inPieces(TEXT, 7001), { blockSize: 20_000 }));

/** Where the members of an object begin, by what they tell of their lengths. */
function memberStarts(packed: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at < packed.length; ) {
    starts.push(at);
    const length = memberLength(packed.subarray(at, at + MEMBER_HEADER_SIZE));
    assert.ok(length !== undefined, `no length at ${at}`);
    at += length;
  }
  return starts;
}

/** The same object, where the member at `start` tells another length. */
function withLie(packed: Buffer, start: number, length: number): Buffer {
  const lying = Buffer.from(packed);
  lying.writeUInt32LE(length, start + MEMBER_HEADER_SIZE - 4);
  return lying;
}

async function expanded(packed: Uint8Array, pieceSize = 10_000): Promise<Buffer> {
  return await collected(gunzipMembers(inPieces(packed, pieceSize)));
}

/** What one decompressor makes of an object: its contents, or why there are none. */
async function outcome(expanding: AsyncIterable<Uint8Array>): Promise<Buffer | string> {
  try {
    return await collected(expanding);
  } catch (error) {
    assert.ok(error instanceof CompressionDamage, String(error));
    return error.reason;
  }
}

test('the lengths that members tell lead from each to the next and to the end', async () => {
  const packed = await packing;
  const starts = memberStarts(packed);
  assert.equal(starts.length, TEXT.length / 20_000);
  for (const [at, start] of starts.entries()) {
    const member = packed.subarray(start, starts[at + 1]);
    assert.ok(gunzipSync(member).equals(TEXT.subarray(at * 20_000, (at + 1) * 20_000)));
  }
});

test('a header that zlib gave in small pieces is replaced as well', () => {
  const member = gzipSync('a value');
  const pieces = Array.from(member, (_, at) => member.subarray(at, at + 1));
  const told = Buffer.concat(withMemberLength(pieces));
  assert.equal(memberLength(told.subarray(0, MEMBER_HEADER_SIZE)), told.length);
  assert.equal(gunzipSync(told).toString(), 'a value');
});

test('gzip itself reads members that tell their lengths', async () => {
  const packed = await packing;
  assert.ok(TEXT.equals(execFileSync('gzip', ['-dc'], { input: packed, maxBuffer: 2 * TEXT.length })));
  assert.ok(TEXT.equals(gunzipSync(packed)));
});

for (const pieceSize of [1, 19, 997, 10_000, 1 << 20]) {
  test(`members are given in order, from pieces of ${pieceSize} bytes`, async () => {
    assert.ok(TEXT.equals(await expanded(await packing, pieceSize)));
  });
}

test('members of the largest size, and a piece that is overwritten after its use', async () => {
  const bytes = Buffer.concat([seededBytes(1_200_000, 3), Buffer.alloc(1_300_000)]);
  const packed = await collected(gzipMembers(inPieces(bytes, 1 << 20)));
  async function* overwriting(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(100_000);
    for (let start = 0; start < packed.length; start += piece.length) {
      yield piece.subarray(0, packed.copy(piece, 0, start, start + piece.length));
      piece.fill(0);
    }
  }
  assert.ok(bytes.equals(await collected(gunzipMembers(overwriting()))));
});

test('several members are read before the first is given', async () => {
  const packed = await packing;
  const starts = memberStarts(packed);
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(packed, 100)) {
      given += piece.length;
      yield piece;
    }
  }
  for await (const _ of gunzipMembers(counted())) {
    break;
  }
  assert.ok(given >= (starts[4] ?? Number.POSITIVE_INFINITY), `${given} bytes`);
});

test('a length that is not true never changes what is read', async () => {
  const packed = await packing;
  const starts = [...memberStarts(packed), packed.length];
  for (const [at, start] of starts.slice(0, -1).entries()) {
    const length = (starts[at + 1] ?? 0) - start;
    const two = (starts[at + 2] ?? packed.length + 1) - start;
    for (const lie of [0, 1, 29, 30, length - 1, length + 1, length - 8, length + 20, two, 1 << 20, 2 ** 32 - 1]) {
      assert.ok(TEXT.equals(await expanded(withLie(packed, start, lie))), `member ${at}: ${lie}`);
    }
  }
});

test('members that tell their lengths and others may follow each other', async () => {
  const packed = await packing;
  const [, , third = 0] = memberStarts(packed);
  const plain = gzipSync('in between');
  const mixed = Buffer.concat([packed.subarray(0, third), plain, packed.subarray(third)]);
  assert.ok(gunzipSync(mixed).equals(await expanded(mixed)));
});

test('a member that expands to more than others is read as it comes', async () => {
  const bomb = Buffer.concat(withMemberLength([gzipSync(Buffer.alloc(20 << 20))]));
  const packed = Buffer.concat([await packing, bomb, await packing]);
  let size = 0;
  for await (const piece of gunzipMembers(inPieces(packed, 50_000))) {
    assert.ok(piece.length <= 1 << 20);
    size += piece.length;
  }
  assert.equal(size, 2 * TEXT.length + (20 << 20));
});

test('what is damaged is what one decompressor calls damaged, for the same reason', async () => {
  const packed = await packing;
  const random = seededRandom(23);
  const at = (): number => Math.floor(random() * packed.length);
  for (let round = randomWalkLength({ usual: 150, long: 3000 }); round > 0; round -= 1) {
    const altered = Buffer.from(packed);
    const place = at();
    altered[place] = (altered[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    const damaged = [
      altered,
      packed.subarray(0, place),
      Buffer.concat([packed.subarray(0, place), packed.subarray(at())]),
      Buffer.concat([packed.subarray(0, place), seededBytes(40, round), packed.subarray(place)]),
    ][round % 4] as Buffer;
    const expected = await outcome(throughZlib(inPieces(damaged, 10_000), createGunzip()));
    assert.deepEqual(await outcome(gunzipMembers(inPieces(damaged, 10_000))), expected, `${round % 4} at ${place}`);
  }
});

test('the place of damage is told from the beginning of the object', async () => {
  const packed = Buffer.from(await packing);
  const start = memberStarts(packed).at(-1) ?? 0;
  packed.fill(0xff, start + 500, start + 600);
  await assert.rejects(
    expanded(packed),
    (error) =>
      error instanceof CompressionDamage && (error.offset ?? 0) >= start && (error.offset ?? 0) <= packed.length,
  );
});

test('an object of no bytes is damaged', async () => {
  await assert.rejects(expanded(Buffer.alloc(0)), CompressionDamage);
});

test('a reader that stops early ends the source', async () => {
  const packed = await packing;
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* inPieces(packed, 1000);
    } finally {
      ended = true;
    }
  }
  for await (const _ of gunzipMembers(source())) {
    break;
  }
  assert.ok(ended);
});

/** Members that are worth the native decompressor. */
const LARGE = Buffer.concat([seededBytes(250_000, 7), TEXT, seededBytes(250_000, 8)]);
const packingLarge = collected(gzipMembers(inPieces(LARGE, 10_000), { blockSize: 25_000 }));

test('damage of large members is what one decompressor calls damaged, for the same reason', async () => {
  const packed = await packingLarge;
  assert.ok(LARGE.equals(await expanded(packed)));
  const random = seededRandom(29);
  for (let round = randomWalkLength({ usual: 20, long: 1000 }); round > 0; round -= 1) {
    const altered = Buffer.from(packed);
    const place = Math.floor(random() * packed.length);
    altered[place] = (altered[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    const damaged = round % 2 === 0 ? altered : packed.subarray(0, place);
    const expected = await outcome(throughZlib(inPieces(damaged, 10_000), createGunzip()));
    assert.deepEqual(await outcome(gunzipMembers(inPieces(damaged, 10_000))), expected, `${round % 2} at ${place}`);
  }
});

for (const membersInFlight of [1, 2, 4]) {
  test(`with ${membersInFlight} in flight, a piece is valid until the second one after it is asked for, and its memory serves again`, async () => {
    const memories = new Set<ArrayBufferLike>();
    const pieces: Uint8Array[] = [];
    let large = 0;
    let reused = 0;
    let at = 0;
    for await (const piece of gunzipMembers(inPieces(await packingLarge, 10_000), {
      membersInFlight,
      onReusedPiece: (size) => {
        reused += size;
      },
    })) {
      pieces.push(piece);
      at += piece.length;
      if (piece.buffer.byteLength >= 512 * 1024) {
        memories.add(piece.buffer);
        large += 1;
      }
      // Others are being expanded meanwhile.
      await new Promise(setImmediate);
      const last = Buffer.concat(pieces.slice(-2));
      assert.ok(last.equals(LARGE.subarray(at - last.length, at)));
    }
    assert.equal(at, LARGE.length);
    assert.ok(reused > LARGE.length / 2 && reused < LARGE.length, `${reused} bytes`);
    assert.ok(large > memories.size, `${large} pieces in ${memories.size} memories`);
    assert.ok(memories.size <= 2 * membersInFlight + 2, `${memories.size} memories`);
  });
}

test('members of nothing do not shorten the life of a piece', async () => {
  const [first, second] = [seededBytes(30_000, 9), seededBytes(30_000, 10)];
  const empty = emptyMember({ id: 'EI', data: seededBytes(20_000, 11) });
  const packed = Buffer.concat([
    ...withMemberLength([gzipSync(first)]),
    ...Array.from({ length: 3 }, () => empty),
    ...withMemberLength([gzipSync(second)]),
  ]);
  const pieces: Uint8Array[] = [];
  for await (const piece of gunzipMembers(inPieces(packed, 10_000), {
    membersInFlight: 1,
    onReusedPiece: () => undefined,
  })) {
    pieces.push(piece);
    assert.ok(Buffer.concat([first, second]).indexOf(Buffer.concat(pieces)) === 0, `piece ${pieces.length}`);
  }
  assert.equal(pieces.length, 2);
});

test('pieces are not looked at any more when the second one after them is asked for, however short they are', async () => {
  for (const size of [700, 10_000, 100_000]) {
    const ours = await collected(gunzipMembers(inReusedPieces(await packing, size)));
    assert.ok(ours.equals(TEXT), `ours, ${size}`);
    const foreign = await collected(gunzipMembers(inReusedPieces(gzipSync(seededBytes(1_500_000, 4)), size)));
    assert.ok(foreign.equals(seededBytes(1_500_000, 4)), `another program's, ${size}`);
  }
});
