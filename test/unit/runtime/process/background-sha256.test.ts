import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BackgroundSha256 } from '../../../../src/runtime/process/background-sha256.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';

async function begun(): Promise<BackgroundSha256> {
  const hash = await BackgroundSha256.begin();
  assert.ok(hash !== undefined, 'it is built by `make install`');
  return hash;
}

const BYTES = seededBytes(300_000, 3);

for (const sizes of [
  [],
  [0],
  [1],
  [64],
  [1023, 1],
  [1024],
  [32, 100_000, 32, 100_000],
  [700, 700, 700, 5],
  [300_000],
]) {
  test(`pieces of ${sizes.join(', ') || 'nothing'} bytes have the hash that node:crypto gives`, async () => {
    const hash = await begun();
    let at = 0;
    for (const size of sizes) {
      hash.update(BYTES.subarray(at, at + size));
      at += size;
    }
    const expected = createHash('sha256').update(BYTES.subarray(0, at)).digest();
    assert.deepEqual(await hash.digest(), expected);
  });
}

test('memory of bytes that are hashed serves again', async () => {
  const hash = await begun();
  const memory = Buffer.alloc(100_000);
  for (let at = 0; at < BYTES.length; at += memory.length) {
    BYTES.copy(memory, 0, at);
    hash.update(memory);
    // A few bytes are kept as a copy.
    hash.update(memory.subarray(0, 10));
    await hash.hashed();
    memory.fill(0);
  }
  const expected = createHash('sha256');
  for (let at = 0; at < BYTES.length; at += memory.length) {
    expected.update(BYTES.subarray(at, at + memory.length)).update(BYTES.subarray(at, at + 10));
  }
  assert.deepEqual(await hash.digest(), expected.digest());
});

test('two are apart', async () => {
  const [one, other] = [await begun(), await begun()];
  one.update(BYTES);
  other.update(BYTES.subarray(1));
  assert.notDeepEqual(await one.digest(), await other.digest());
});
