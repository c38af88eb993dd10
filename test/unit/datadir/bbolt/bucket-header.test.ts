import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeBucketHeader, encodeBucketHeader } from '../../../../src/datadir/bbolt/bucket-header.ts';
import { Leaf } from '../../../../src/datadir/bbolt/leaf.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { origin, pageWith, words } from '../../../support/bbolt/pages.ts';

describe('bucket header', () => {
  it('of a bucket with a root page is read back as written', () => {
    const value = encodeBucketHeader({ page: 2 ** 35, sequence: 2n ** 60n });
    assert.deepEqual(decodeBucketHeader(value, origin), { at: 'page', page: 2 ** 35, sequence: 2n ** 60n });
  });

  it('of an inline bucket gives its leaf', () => {
    const inline = pageWith({ kind: 'leaf', count: 1 }, Buffer.concat([words(0, 16, 1, 1), Buffer.from('kv')]), 34);
    const root = decodeBucketHeader(Buffer.concat([new Uint8Array(16), inline.bytes]), origin);
    assert.ok(root.at === 'inline');
    const leaf = new Leaf(root.leaf);
    assert.equal(Buffer.from(leaf.value(0)).toString(), 'v');
    assert.equal(leaf.page.offset, origin.offset + 16);
  });

  it('cut short is damage', () => {
    for (let length = 0; length < 32; length++) {
      assert.throws(() => decodeBucketHeader(new Uint8Array(length), origin), Damage);
    }
  });
});
