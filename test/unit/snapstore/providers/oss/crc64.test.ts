import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crc64, combineCrc64, crc64 } from '../../../../../src/snapstore/providers/oss/crc64.ts';

test('the check value of the CRC catalogue', () => {
  assert.equal(crc64(Buffer.from('123456789')), 0x995dc9bbdf1939fan);
  assert.equal(crc64(new Uint8Array()), 0n);
});

test('eight bytes a round give what one byte a round gives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const slow = new Crc64();
      for (let at = 0; at < bytes.length; at++) {
        slow.update(bytes.subarray(at, at + 1));
      }
      assert.equal(crc64(bytes), slow.value());
    }),
  );
});

test('the CRC of pieces set end to end is that of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
      const combined = combineCrc64(pieces.map((bytes) => ({ crc: crc64(bytes), size: bytes.length })));
      assert.equal(combined, crc64(Buffer.concat(pieces)));
    }),
  );
});
