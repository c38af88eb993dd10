import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRevisionKey, encodeRevisionKey } from '../../../../src/datadir/mvcc/revision-key.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test('decodeRevisionKey reads back what encodeRevisionKey writes', () => {
  fc.assert(
    fc.property(safe, safe, fc.boolean(), (main, sub, tombstone) => {
      const target = new Uint8Array(20);
      const end = encodeRevisionKey(target, 2, { main, sub, tombstone });
      assert.deepEqual(decodeRevisionKey(target, 2, end), { main, sub, tombstone });
    }),
  );
});

test('keys sort as their changes', () => {
  const key = (main: number, sub: number): Buffer => {
    const target = Buffer.alloc(17);
    encodeRevisionKey(target, 0, { main, sub, tombstone: false });
    return target;
  };
  assert.ok(Buffer.compare(key(2 ** 32 - 1, 7), key(2 ** 32, 0)) < 0);
  assert.ok(Buffer.compare(key(5, 255), key(5, 256)) < 0);
});

test('decodeRevisionKey refuses other lengths, separators, marks and numbers above 2^53 - 1', () => {
  const good = Buffer.alloc(17);
  encodeRevisionKey(good, 0, { main: 1, sub: 2, tombstone: false });
  assert.ok(decodeRevisionKey(good));
  for (let length = 0; length < good.length; length++) {
    assert.equal(decodeRevisionKey(good.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(decodeRevisionKey(Buffer.concat([good, Buffer.from('x')])), undefined);
  assert.equal(decodeRevisionKey(Buffer.concat([good, Buffer.from('tt')])), undefined);
  const separator = Buffer.from(good);
  separator[8] = 0x2d;
  assert.equal(decodeRevisionKey(separator), undefined);
  const large = Buffer.from(good);
  large[0] = 0x7f;
  assert.equal(decodeRevisionKey(large), undefined);
});
