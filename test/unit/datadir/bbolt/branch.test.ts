import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Branch } from '../../../../src/datadir/bbolt/branch.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { cutTo, pageWith, words } from '../../../support/bbolt/pages.ts';

describe('branch page', () => {
  const body = Buffer.concat([words(32, 1, 7, 0, 17, 2, 8, 1), Buffer.from('bdd')]);

  it('gives keys and children', () => {
    const branch = new Branch(pageWith({ kind: 'branch', count: 2 }, body));
    assert.deepEqual([branch.child(0), branch.child(1)], [7, 2 ** 32 + 8]);
    assert.equal(Buffer.from(branch.key(1)).toString(), 'dd');
    assert.deepEqual(
      ['a', 'b', 'c', 'dd', 'e'].map((key) => branch.childFor(Buffer.from(key))),
      [0, 0, 0, 1, 1],
    );
  });

  it('without children, or whose elements point outside of it, is damage', () => {
    assert.throws(() => new Branch(pageWith({ kind: 'branch', count: 0 }, body)), Damage);
    assert.throws(() => new Branch(pageWith({ kind: 'branch', count: 300 }, body)), Damage);
    assert.throws(() => new Branch(pageWith({ kind: 'branch', count: 1 }, words(16, 5000, 7, 0))), Damage);
    assert.throws(() => new Branch(pageWith({ kind: 'branch', count: 1 }, words(16, 0, 7, 0))), Damage);
    assert.throws(() => new Branch(pageWith({ kind: 'leaf', count: 2 }, body)), Damage);
  });

  it('cut short is damage', () => {
    const whole = pageWith({ kind: 'branch', count: 2 }, body);
    assert.equal(new Branch(cutTo(whole, 16 + body.length)).count, 2);
    for (let length = 16; length < 16 + body.length; length++) {
      assert.throws(() => new Branch(cutTo(whole, length)), Damage, `${length} bytes`);
    }
  });
});
