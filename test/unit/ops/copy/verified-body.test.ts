import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { verifiedBody } from '../../../../src/ops/copy/verified-body.ts';
import { compress } from '../../../../src/snapshot/compression.ts';
import { CompressionDamage, HashDamage } from '../../../../src/snapshot/damage.ts';
import type { Compression } from '../../../../src/snapshot/snapshot.ts';
import { seededBytes } from '../../../support/byte-streams.ts';

const CONTENT = Buffer.from(seededBytes(1_000_000, 7));
const HASHED = Buffer.concat([CONTENT, createHash('sha256').update(CONTENT).digest()]);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += 100_000) {
    yield bytes.subarray(start, start + 100_000);
  }
}

async function stored(compression: Compression, content = HASHED): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(compress(pieces(content), compression)));
}

for (const compression of ['none', 'gzip', 'zlib', 'lzw'] as const) {
  test(`${compression}: a whole object passes unchanged, any damage is noticed before the end`, async () => {
    const bytes = await stored(compression);
    const passed = await Array.fromAsync(verifiedBody(async () => pieces(bytes), compression));
    assert.ok(Buffer.concat(passed).equals(bytes));
    const flipped = Buffer.from(bytes);
    flipped[500_000] = (flipped[500_000] ?? 0) ^ 4;
    for (const damaged of [flipped, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from('x')])]) {
      await assert.rejects(
        Array.fromAsync(verifiedBody(async () => pieces(damaged), compression)),
        (error: unknown) => error instanceof HashDamage || error instanceof CompressionDamage,
      );
    }
  });
}

test('an object without a hash is refused', async () => {
  const bytes = await stored('gzip', CONTENT);
  await assert.rejects(Array.fromAsync(verifiedBody(async () => pieces(bytes), 'gzip')), HashDamage);
});

test('an error of the source passes unchanged', async () => {
  const broken = new Error('the connection broke');
  async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
    yield HASHED.subarray(0, 10);
    throw broken;
  }
  await assert.rejects(Array.fromAsync(verifiedBody(async () => failing(), 'none')), broken);
});

test('a reader that leaves early lets the source go', async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        yield CONTENT.subarray(0, 100_000);
      }
    } finally {
      ended = true;
    }
  }
  for await (const _ of verifiedBody(async () => endless(), 'none')) {
    break;
  }
  assert.equal(ended, true);
});
