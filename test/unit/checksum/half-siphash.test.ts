import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfSipHash, randomSecret } from '../../../src/checksum/half-siphash.ts';

/** HalfSipHash-1-3 as its authors write it, word by word. */
function reference(bytes: Uint8Array, [k0, k1]: readonly [number, number]): number {
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1].map((v) => v >>> 0) as [
    number,
    number,
    number,
    number,
  ];
  const rotl = (x: number, b: number): number => ((x << b) | (x >>> (32 - b))) >>> 0;
  const round = (): void => {
    v0 = (v0 + v1) >>> 0;
    v1 = (rotl(v1, 5) ^ v0) >>> 0;
    v0 = rotl(v0, 16);
    v2 = (v2 + v3) >>> 0;
    v3 = (rotl(v3, 8) ^ v2) >>> 0;
    v0 = (v0 + v3) >>> 0;
    v3 = (rotl(v3, 7) ^ v0) >>> 0;
    v2 = (v2 + v1) >>> 0;
    v1 = (rotl(v1, 13) ^ v2) >>> 0;
    v2 = rotl(v2, 16);
  };
  const padded = Buffer.alloc(Math.floor(bytes.length / 4) * 4 + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readUInt32LE(at);
    v3 = (v3 ^ word) >>> 0;
    round();
    v0 = (v0 ^ word) >>> 0;
  }
  v2 = (v2 ^ 0xff) >>> 0;
  round();
  round();
  round();
  return (v1 ^ v3) >>> 0;
}

test('it is that of the reference for every length', () => {
  const secret = [0x03020100, 0x07060504] as const;
  for (let length = 0; length < 600; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 7);
    assert.equal(halfSipHash(bytes, secret), reference(bytes, secret), `${length} bytes`);
  }
});

test('another secret gives another hash, and each is new', () => {
  const key = Buffer.from('/registry/pods/default/a');
  assert.notEqual(halfSipHash(key, [1, 2]), halfSipHash(key, [1, 3]));
  assert.notDeepEqual(randomSecret(), randomSecret());
});
