import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HashDamage } from '../../../src/snapshot/damage.ts';
import { checkTrailingHash, TrailingHash } from '../../../src/snapshot/trailing-hash.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';

const DB = seededBytes(8 * 512, 1);
const HASHED = Buffer.concat([DB, createHash('sha256').update(DB).digest()]);

for (const pieceSize of [1, 31, 32, 33, 100, 4096, 1 << 20]) {
  test(`the hash is cut off and checked in pieces of ${pieceSize}`, async () => {
    const trailing = new TrailingHash();
    const passed: Uint8Array[] = [];
    for await (const bytes of inPieces(HASHED, pieceSize)) {
      passed.push(...trailing.push(bytes));
    }
    trailing.verify();
    assert.ok(DB.equals(Buffer.concat(passed)));
  });
}

test('a golden full passes', async () => {
  const full = goldenObjects('etcd-3.5/none').find((object) => object.key.includes('Full'));
  await checkTrailingHash(inPieces(full?.bytes ?? Buffer.alloc(0), 65536));
});

test('a wrong, missing or cut hash is damage', async () => {
  const flipped = Buffer.from(HASHED);
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  for (const bytes of [flipped, DB, HASHED.subarray(0, -1), HASHED.subarray(0, 31), Buffer.alloc(0)]) {
    await assert.rejects(checkTrailingHash(inPieces(bytes, 1000)), HashDamage);
  }
});

test('the size decides whether an object ends with a hash', () => {
  const wrong = Buffer.concat([DB, Buffer.alloc(32)]);
  for (const [bytes, present] of [
    [HASHED, true],
    [wrong, true],
    [DB, false],
  ] as const) {
    const trailing = new TrailingHash();
    trailing.push(bytes);
    assert.equal(trailing.present, present);
  }
});

test('errors of the source pass unchanged', async () => {
  const lost = new Error('connection lost');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield HASHED.subarray(0, 100);
    throw lost;
  }
  await assert.rejects(checkTrailingHash(failing()), lost);
});
