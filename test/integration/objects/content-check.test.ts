import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { crc32c } from '../../../src/checksum/crc32c.ts';
import { crc64 } from '../../../src/checksum/crc64.ts';
import { ContentCheck } from '../../../src/objects/content-check.ts';
import { compress } from '../../../src/snapshot/compression.ts';
import { SnapshotDamage } from '../../../src/snapshot/damage.ts';
import type { Compression } from '../../../src/snapshot/snapshot.ts';
import type { Inspection } from '../../../src/snapstore/upload/inspection.ts';
import { ContentCheckThread } from '../../../src/workers/content-check-thread.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';

const CONTENT = Buffer.from(seededBytes(400_000, 7));
const HASHED = Buffer.concat([CONTENT, createHash('sha256').update(CONTENT).digest()]);

async function stored(compression: Compression, content = HASHED): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(compress(inPieces(content, 100_000), compression)));
}

/** Hands the bytes over in parts, each through the same buffer, as uploads do. */
async function inspect(inspection: Inspection, bytes: Uint8Array, partSize: number): Promise<void> {
  let buffer: Buffer = Buffer.allocUnsafeSlow(partSize);
  for (let start = 0; start < bytes.length; start += partSize) {
    const part = bytes.subarray(start, start + partSize);
    Buffer.from(part).copy(buffer);
    const inspected = await inspection.inspect(buffer.subarray(0, part.length));
    assert.ok(Buffer.from(inspected.bytes).equals(part));
    buffer = Buffer.from(inspected.bytes.buffer);
    buffer.fill(0xee);
  }
  await inspection.verdict();
}

for (const compression of ['none', 'gzip', 'zlib', 'lzw', 'zstd'] as const) {
  for (const partSize of [130_000, 370_000]) {
    test(`${compression}, parts of ${partSize}: a whole object is found whole, any damage is noticed`, async () => {
      const bytes = await stored(compression);
      await inspect(new ContentCheck({ compression, digests: [] }), bytes, partSize);
      const flipped = Buffer.from(bytes);
      flipped[160_000] = (flipped[160_000] ?? 0) ^ 4;
      for (const damaged of [flipped, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from('x')])]) {
        await assert.rejects(
          inspect(new ContentCheck({ compression, digests: [] }), damaged, partSize),
          (error: unknown) => error instanceof SnapshotDamage,
        );
      }
    });
  }
}

test('an object without a hash is refused', async () => {
  const bytes = await stored('gzip', CONTENT);
  await assert.rejects(inspect(new ContentCheck({ compression: 'gzip', digests: [] }), bytes, 1_000_000), {
    name: 'HashDamage',
  });
});

describe('in a thread', () => {
  test('objects side by side get the digests and the verdicts that belong to them', async () => {
    await using thread = new ContentCheckThread();
    const whole = await stored('gzip');
    const cut = whole.subarray(0, -1000);
    using sound = thread.begin({ compression: 'gzip', digests: ['sha256', 'md5', 'crc32c', 'crc64'] });
    using damaged = thread.begin({ compression: 'gzip', digests: ['md5'] });
    const parts = await Promise.all([sound.inspect(Uint8Array.from(whole)), damaged.inspect(Uint8Array.from(cut))]);
    assert.ok(Buffer.from(parts[0].bytes).equals(whole));
    const digest = (algorithm: string, bytes: Uint8Array) =>
      Uint8Array.from(createHash(algorithm).update(bytes).digest());
    assert.deepEqual(parts[0].digests, {
      sha256: digest('sha256', whole),
      md5: digest('md5', whole),
      crc32c: crc32c(0, whole),
      crc64: crc64(whole),
    });
    assert.deepEqual(parts[1].digests, { md5: digest('md5', cut) });
    const verdicts = await Promise.allSettled([sound.verdict(), damaged.verdict()]);
    assert.deepEqual(
      verdicts.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await assert.rejects(damaged.verdict(), /the compressed data ends too early/);
  });

  test('an end of the thread fails what waits for it, and whatever comes later', async () => {
    const thread = new ContentCheckThread();
    using check = thread.begin({ compression: 'none', digests: [] });
    const part = check.inspect(Uint8Array.from(HASHED));
    await Promise.all([assert.rejects(part, /a worker thread ended/), thread[Symbol.asyncDispose]()]);
    await assert.rejects(check.verdict(), /a worker thread ended/);
    using late = thread.begin({ compression: 'none', digests: [] });
    await assert.rejects(late.inspect(Uint8Array.from(HASHED)), /a worker thread ended/);
  });
});
