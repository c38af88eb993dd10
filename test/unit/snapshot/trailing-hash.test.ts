import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HashDamage } from '../../../src/snapshot/damage.ts';
import { withoutTrailingHash } from '../../../src/snapshot/trailing-hash.ts';
import { collected, inPieces, seededBytes } from '../../support/byte-streams.ts';
import { goldenObjects } from '../../support/golden-store.ts';

const DB = seededBytes(8 * 512, 1);
const HASHED = Buffer.concat([DB, createHash('sha256').update(DB).digest()]);

for (const pieceSize of [1, 31, 32, 33, 100, 4096, 1 << 20]) {
  test(`the hash is cut off and checked in pieces of ${pieceSize}`, async () => {
    assert.ok(DB.equals(await collected(withoutTrailingHash(inPieces(HASHED, pieceSize)))));
  });
}

test('a golden full passes', async () => {
  const full = goldenObjects('etcd-3.5/none').find((object) => object.key.includes('Full'));
  const db = await collected(withoutTrailingHash(inPieces(full?.bytes ?? Buffer.alloc(0), 65536)));
  assert.equal(db.length % 512, 0);
});

test('a wrong, missing or cut hash is damage', async () => {
  const flipped = Buffer.from(HASHED);
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  for (const bytes of [flipped, DB, HASHED.subarray(0, -1), HASHED.subarray(0, 31), Buffer.alloc(0)]) {
    await assert.rejects(collected(withoutTrailingHash(inPieces(bytes, 1000))), HashDamage);
  }
});

test('skipping the check accepts a wrong hash and none, and never passes a hash on', async () => {
  const wrong = Buffer.concat([DB, Buffer.alloc(32)]);
  for (const bytes of [HASHED, wrong, DB]) {
    assert.ok(DB.equals(await collected(withoutTrailingHash(inPieces(bytes, 1000), { mode: 'skip' }))));
  }
});

test('errors of the source pass unchanged', async () => {
  const lost = new Error('connection lost');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield HASHED.subarray(0, 100);
    throw lost;
  }
  await assert.rejects(collected(withoutTrailingHash(failing())), lost);
});
