import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { unzstdFrames } from '../../../../src/snapshot/compression/unzstd-frames.ts';
import { frameHeader } from '../../../../src/snapshot/compression/zstd-frame.ts';
import { zstdFrames } from '../../../../src/snapshot/compression/zstd-frames.ts';
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
const packing = collected(zstdFrames(inPieces(TEXT, 7001), { blockSize: 20_000 }));
const withoutProgram = ['/usr/bin/zstd', '/usr/local/bin/zstd'].some((path) => existsSync(path))
  ? false
  : 'the program zstd is not installed';

function frame(bytes: Uint8Array, params: Record<number, number> = {}): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1, ...params } });
}

async function expanded(packed: Uint8Array, pieceSize = 10_000): Promise<Buffer> {
  return await collected(unzstdFrames(inPieces(packed, pieceSize)));
}

async function damageOf(packed: Uint8Array): Promise<CompressionDamage> {
  try {
    await expanded(packed);
  } catch (error) {
    assert.ok(error instanceof CompressionDamage, String(error));
    return error;
  }
  assert.fail('nothing was found');
}

/** A skippable frame. */
function skippable(size: number): Buffer {
  const bytes = Buffer.alloc(8 + size, 0x28);
  bytes.writeUInt32LE(0x184d2a57, 0);
  bytes.writeUInt32LE(size, 4);
  return bytes;
}

for (const pieceSize of [1, 19, 997, 10_000, 1 << 20]) {
  test(`frames are given in order, from pieces of ${pieceSize} bytes`, async () => {
    assert.ok(TEXT.equals(await expanded(await packing, pieceSize)));
  });
}

test('frames tell how much they hold and end with a checksum', async () => {
  const { contentSize, hasChecksum } = frameHeader(await packing);
  assert.deepEqual({ contentSize, hasChecksum }, { contentSize: 20_000, hasChecksum: true });
});

test('several frames are read before the first is given', async () => {
  const packed = await collected(zstdFrames(inPieces(seededBytes(80_000, 1), 7001), { blockSize: 10_000 }));
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(packed, 100)) {
      given += piece.length;
      yield piece;
    }
  }
  for await (const _ of unzstdFrames(counted())) {
    break;
  }
  assert.ok(given >= 40_000, `${given} bytes`);
});

test('zstd itself reads them, and they read what zstd writes', { skip: withoutProgram }, async () => {
  const program = (args: readonly string[], input: Uint8Array): Buffer =>
    execFileSync('zstd', args, { input, maxBuffer: 1 << 24 });
  assert.ok(TEXT.equals(program(['-dc'], await packing)));
  const long = Buffer.concat([TEXT, seededBytes(1_500_000, 3), TEXT]);
  for (const args of [['-c'], ['-c', '-1', '--no-check'], ['-c', '-19'], ['-c', '--long=26', '--fast=3']]) {
    assert.ok(long.equals(await expanded(program(args, long), 100_000)), args.join(' '));
  }
});

test('frames of every kind may follow each other, and what says nothing is skipped', async () => {
  const mixed = Buffer.concat([
    skippable(100_000),
    await packing,
    frame(Buffer.alloc(0)),
    // It does not say how much it holds.
    frame(Buffer.from('in between'), { [constants.ZSTD_c_contentSizeFlag]: 0 }),
    skippable(0),
    frame(Buffer.alloc(3 << 20)),
    await packing,
    skippable(5),
  ]);
  const whole = Buffer.concat([TEXT, Buffer.from('in between'), Buffer.alloc(3 << 20), TEXT]);
  for (const pieceSize of [1000, 1 << 22]) {
    assert.ok(whole.equals(await expanded(mixed, pieceSize)));
  }
});

test('a frame that lies about how much it holds is damaged', async () => {
  const sound = frame(TEXT.subarray(0, 60_000));
  assert.equal(frameHeader(sound).contentSize, 60_000);
  const zeros = frame(Buffer.alloc(900_000));
  for (const [bytes, size] of [
    [sound, 59_999],
    [sound, 60_001],
    [sound, 256],
    [zeros, 2],
    [zeros, 8 << 20],
  ] as const) {
    const lying = Buffer.from(bytes);
    const at = 5 + ((lying.readUInt8(4) & 0x20) === 0 ? 1 : 0);
    if (lying.readUInt8(4) >> 6 === 1) {
      lying.writeUInt16LE(Math.min(0xffff, size - 256), at);
    } else {
      lying.writeUInt32LE(size, at);
    }
    await damageOf(Buffer.concat([await packing, lying]));
  }
});

test('a window that takes too much memory, and a dictionary, are refused for what they are', async () => {
  const windowed = Buffer.from(frame(TEXT, { [constants.ZSTD_c_contentSizeFlag]: 0 }));
  windowed.writeUInt8((31 - 10) << 3, 5);
  const { reason, offset } = await damageOf(Buffer.concat([await packing, windowed]));
  assert.match(reason, /a window of 2147483648 bytes, and 134217728 are the most/);
  assert.ok((offset ?? 0) >= (await packing).length);
  const foreign = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, 1]);
  assert.match((await damageOf(foreign)).reason, /compressed with a dictionary/);
});

test('blocks that are too large, or of no type, are damage', async () => {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 7]);
  for (const block of [0b111, ((128 * 1024 + 1) << 3) | 1]) {
    const bytes = Buffer.alloc(3);
    bytes.writeUIntLE(block, 0, 3);
    assert.match((await damageOf(Buffer.concat([head, bytes, Buffer.alloc(200_000)]))).reason, /cannot be expanded/);
  }
});

test('a frame of endless empty blocks takes no memory', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 7]);
    for (let at = 0; at < 4; at += 1) {
      yield Buffer.alloc(3 * 10_000);
    }
  }
  await assert.rejects(collected(unzstdFrames(endless())), CompressionDamage);
});

test('what is damaged is never read as something else', async () => {
  const packed = await packing;
  const random = seededRandom(29);
  const at = (): number => Math.floor(random() * packed.length);
  for (let round = randomWalkLength({ usual: 100, long: 3000 }); round > 0; round -= 1) {
    const altered = Buffer.from(packed);
    const place = at();
    altered[place] = (altered[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    const damaged = [
      altered,
      packed.subarray(0, place),
      Buffer.concat([packed.subarray(0, place), seededBytes(9, round), packed.subarray(place)]),
    ][round % 3] as Buffer;
    const read = await expanded(damaged).catch((error: unknown) => error);
    // A bit that nobody needs, or an object that ends between two frames, which only its hash can tell.
    const isSound = Buffer.isBuffer(read) && TEXT.subarray(0, read.length).equals(read);
    assert.ok(read instanceof CompressionDamage || isSound, `${round % 3} at ${place}`);
  }
});

test('the reasons say what is wrong, and where', async () => {
  const packed = await packing;
  const altered = Buffer.from(packed);
  altered.writeUInt8(altered.readUInt8(packed.length - 1) ^ 1, packed.length - 1);
  assert.equal((await damageOf(altered)).reason, 'the checksum of the compressed data does not fit');
  assert.ok(((await damageOf(altered)).offset ?? 0) > packed.length / 2);
  assert.equal((await damageOf(packed.subarray(0, -1))).reason, 'the compressed data ends too early');
  assert.equal((await damageOf(packed.subarray(0, 3))).reason, 'the compressed data ends too early');
  assert.equal((await damageOf(Buffer.alloc(0))).reason, 'the compressed data ends too early');
  const followed = await damageOf(Buffer.concat([packed, Buffer.from('hash')]));
  assert.equal(followed.reason, 'something follows the end of the compressed data');
  assert.match((await damageOf(Buffer.from('no such thing'))).reason, /does not begin as zstd does/);
});

test('a reader that stops early ends the source, and errors of the source pass', async () => {
  const packed = await packing;
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* inPieces(packed, 1000);
    } finally {
      ended = true;
    }
  }
  for await (const _ of unzstdFrames(source())) {
    break;
  }
  assert.ok(ended);
  for (const length of [500, 30_000]) {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield frame(Buffer.alloc(3 << 20)).subarray(0, length / 20);
      throw new Error('lost');
    }
    await assert.rejects(collected(unzstdFrames(failing())), /^Error: lost$/);
  }
});

test('frames of almost nothing in a row end at a limit', async () => {
  const nothing = [frame(Buffer.alloc(0)), frame(Buffer.from('x'))];
  const most = [...nothing, ...Array.from({ length: 9_990 }, () => skippable(0))];
  const all = await expanded(Buffer.concat([...most, frame(TEXT), ...most]), 65_536);
  assert.equal(all.length, TEXT.length + 2);
  const { reason } = await damageOf(Buffer.concat([...most, ...most]));
  assert.match(reason, /more than 10000 frames in a row hold almost nothing/);
});

for (const damagedFrame of [0, 1, 2]) {
  test(`of frames that are expanded together number ${damagedFrame} is damaged: those before it are given, and it is named`, async () => {
    const contents = [TEXT.subarray(0, 60_000), seededBytes(40_000, 4), TEXT.subarray(60_000, 120_000)];
    const frames = contents.map((bytes) => frame(bytes));
    const damaged = frames[damagedFrame] ?? Buffer.alloc(0);
    const middle = damaged.length >> 1;
    damaged[middle] = (damaged[middle] ?? 0) ^ 1;
    const given: Uint8Array[] = [];
    const reading = async (): Promise<void> => {
      for await (const piece of unzstdFrames(inPieces(Buffer.concat(frames), 10_000))) {
        given.push(piece);
      }
    };
    const startsAt = Buffer.concat(frames.slice(0, damagedFrame)).length;
    await assert.rejects(reading(), (error) => error instanceof CompressionDamage && error.offset === startsAt);
    assert.ok(Buffer.concat(given).equals(Buffer.concat(contents.slice(0, damagedFrame))));
  });
}

for (const framesInFlight of [1, 4]) {
  test(`with ${framesInFlight} in flight, memory serves again once a piece and the next are used`, async () => {
    const bytes = seededBytes(12 << 20, 7);
    const packed = await collected(zstdFrames(inPieces(bytes, 1 << 20), { blockSize: 400_000 }));
    const memories = new Set<ArrayBufferLike>();
    let pieces = 0;
    let reused = 0;
    let at = 0;
    let before: Uint8Array = Buffer.alloc(0);
    const onReusedPiece = (size: number): void => {
      reused += size;
    };
    for await (const piece of unzstdFrames(inPieces(packed, 100_000), { framesInFlight, onReusedPiece })) {
      // Others are being expanded meanwhile.
      await new Promise(setImmediate);
      const lastTwo = Buffer.concat([before, piece]);
      at += piece.length;
      assert.ok(lastTwo.equals(bytes.subarray(at - lastTwo.length, at)), `up to byte ${at}`);
      before = piece;
      pieces += 1;
      memories.add(piece.buffer);
    }
    assert.equal(at, bytes.length);
    assert.equal(reused, bytes.length);
    assert.ok(pieces > memories.size && memories.size <= framesInFlight + 4, `${pieces} pieces in ${memories.size}`);
  });
}

test('pieces are not looked at any more when the second one after them is asked for, however short they are', async () => {
  for (const size of [700, 10_000, 100_000]) {
    const ours = await collected(unzstdFrames(inReusedPieces(await packing, size)));
    assert.ok(ours.equals(TEXT), `ours, ${size}`);
    const foreign = await collected(unzstdFrames(inReusedPieces(frame(seededBytes(1_500_000, 4)), size)));
    assert.ok(foreign.equals(seededBytes(1_500_000, 4)), `another program's, ${size}`);
  }
});
