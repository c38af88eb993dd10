import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFreelist } from '../../../../src/datadir/bbolt/freelist.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { cutTo, pageWith, words } from '../../../support/bbolt/pages.ts';

describe('freelist', () => {
  const ids = (count: number): Uint8Array =>
    new Uint8Array(BigUint64Array.from({ length: count }, (_, at) => BigInt(at + 3)).buffer);

  it('gives page numbers', () => {
    assert.deepEqual(decodeFreelist(pageWith({ kind: 'freelist', count: 3 }, ids(3))), [3, 4, 5]);
    assert.deepEqual(decodeFreelist(pageWith({ kind: 'freelist', count: 0 }, ids(0))), []);
  });

  it('keeps its count elsewhere when it is long', () => {
    const long = Buffer.concat([words(70_000, 0), ids(70_000)]);
    const found = decodeFreelist(pageWith({ kind: 'freelist', count: 0xffff }, long, 600_000));
    assert.equal(found.length, 70_000);
    assert.equal(found.at(-1), 70_002);
  });

  it('longer than its page is damage', () => {
    assert.throws(() => decodeFreelist(pageWith({ kind: 'freelist', count: 511 }, ids(3))), Damage);
    assert.throws(() => decodeFreelist(pageWith({ kind: 'freelist', count: 0xffff }, words(0, 1))), Damage);
    assert.throws(() => decodeFreelist(pageWith({ kind: 'leaf', count: 3 }, ids(3))), Damage);
  });

  it('cut short is damage', () => {
    const short = pageWith({ kind: 'freelist', count: 3 }, ids(3));
    const long = pageWith({ kind: 'freelist', count: 0xffff }, Buffer.concat([words(3, 0), ids(3)]));
    assert.deepEqual(decodeFreelist(cutTo(long, 48)), [3, 4, 5]);
    for (let length = 16; length < 48; length++) {
      assert.throws(() => decodeFreelist(cutTo(long, length)), Damage);
      if (length < 40) {
        assert.throws(() => decodeFreelist(cutTo(short, length)), Damage);
      }
    }
  });
});
