import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Leaf } from '../../../../src/datadir/bbolt/leaf.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { cutTo, pageWith, words } from '../../../support/bbolt/pages.ts';

describe('leaf page', () => {
  const body = Buffer.concat([words(0, 32, 2, 3, 1, 21, 1, 0), Buffer.from('kkvvvz')]);

  it('gives keys, values and buckets', () => {
    const leaf = new Leaf(pageWith({ kind: 'leaf', count: 2 }, body));
    assert.deepEqual(
      [0, 1].map((index) => [Buffer.from(leaf.key(index)).toString(), Buffer.from(leaf.value(index)).toString()]),
      [
        ['kk', 'vvv'],
        ['z', ''],
      ],
    );
    assert.deepEqual([leaf.isBucket(0), leaf.isBucket(1)], [false, true]);
    assert.equal(leaf.find(Buffer.from('kk')), 0);
    assert.equal(leaf.find(Buffer.from('kka')), undefined);
    assert.deepEqual(
      ['a', 'kk', 'kka', 'z', 'zz'].map((key) => leaf.lowerBound(Buffer.from(key))),
      [0, 0, 1, 1, 2],
    );
  });

  it('whose elements point outside of it is damage', () => {
    assert.throws(() => new Leaf(pageWith({ kind: 'leaf', count: 300 }, body)), Damage);
    assert.throws(() => new Leaf(pageWith({ kind: 'leaf', count: 1 }, words(0, 8, 1, 1))), Damage);
    assert.throws(() => new Leaf(pageWith({ kind: 'leaf', count: 1 }, words(0, 16, 0, 1))), Damage);
    assert.throws(() => new Leaf(pageWith({ kind: 'leaf', count: 1 }, words(0, 16, 1, 0xffff_ffff))), Damage);
    assert.throws(() => new Leaf(pageWith({ kind: 'leaf', count: 1 }, words(0, 0xffff_fff0, 1, 1))), Damage);
    assert.throws(() => new Leaf(pageWith({ kind: 'branch', count: 1 }, body)), Damage);
  });

  it('cut short is damage', () => {
    const whole = pageWith({ kind: 'leaf', count: 2 }, body);
    assert.equal(new Leaf(cutTo(whole, 16 + body.length)).count, 2);
    for (let length = 16; length < 16 + body.length; length++) {
      assert.throws(() => new Leaf(cutTo(whole, length)), Damage, `${length} bytes`);
    }
  });
});
