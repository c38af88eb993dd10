import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMeta, encodeMeta, type Meta } from '../../../../src/datadir/bbolt/meta.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { origin, viewOf } from '../../../support/bbolt/pages.ts';

describe('meta', () => {
  const meta: Meta = {
    pageSize: 4096,
    root: { page: 2 ** 33, sequence: 2n ** 63n },
    freelist: undefined,
    highWater: 2 ** 33 + 7,
    transaction: 12,
  };
  const encoded = (value: Meta): Uint8Array => {
    const bytes = new Uint8Array(4096);
    encodeMeta(viewOf(bytes), 1, value);
    return bytes;
  };

  it('is read back as written', () => {
    for (const value of [meta, { ...meta, freelist: 9 }]) {
      assert.deepEqual(decodeMeta(viewOf(encoded(value)), origin), value);
    }
  });

  it('is noticed to be damaged whichever bit of it flips', () => {
    for (let bit = 16 * 8; bit < 80 * 8; bit++) {
      const bytes = encoded(meta);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decodeMeta(viewOf(bytes), origin), Damage, `bit ${bit}`);
    }
  });

  it('cut short is damage', () => {
    for (let length = 0; length < 80; length++) {
      assert.throws(() => decodeMeta(viewOf(encoded(meta).subarray(0, length)), origin), Damage);
    }
  });

  for (const [what, changes] of Object.entries<Partial<Meta>>({
    'a page size that is no power of two': { pageSize: 4097 },
    'a page size of 512': { pageSize: 512 },
    'its root beyond the high water mark': { highWater: 2 ** 33 },
    'its root on a meta page': { root: { page: 1, sequence: 0n } },
    'its freelist beyond the high water mark': { freelist: 2 ** 33 + 7 },
  })) {
    it(`with ${what} is damage although the checksum fits`, () => {
      assert.throws(() => decodeMeta(viewOf(encoded({ ...meta, ...changes })), origin), Damage);
    });
  }
});
