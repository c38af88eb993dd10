import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodePageHeader, encodePageHeader } from '../../../../src/datadir/bbolt/page.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { origin, viewOf } from '../../../support/bbolt/pages.ts';

describe('page header', () => {
  it('is read back as written, with page numbers beyond 32 bits', () => {
    const header = { id: 2 ** 41 + 5, kind: 'leaf', count: 65_535, overflow: 4_000_000_000 } as const;
    const bytes = new Uint8Array(16);
    encodePageHeader(viewOf(bytes), header);
    assert.deepEqual(decodePageHeader(viewOf(bytes), origin), header);
  });

  it('of an unknown kind is damage', () => {
    for (const flags of [0, 3, 8, 0x12, 0xffff]) {
      const bytes = new Uint8Array(16);
      viewOf(bytes).setUint16(8, flags, true);
      assert.throws(() => decodePageHeader(viewOf(bytes), origin), Damage);
    }
  });

  it('cut short is damage', () => {
    for (let length = 0; length < 16; length++) {
      assert.throws(() => decodePageHeader(viewOf(new Uint8Array(length)), origin), Damage);
    }
  });
});
