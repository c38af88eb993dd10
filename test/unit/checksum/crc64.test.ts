import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineCrc64, crc64, RunningCrc64 } from '../../../src/checksum/crc64.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

test('crc64 gives the check value of the catalogue for CRC-64/XZ', () => {
  assert.equal(crc64(Buffer.from('123456789')), 0x995dc9bbdf1939fan);
  assert.equal(crc64(new Uint8Array()), 0n);
});

test('eight bytes a round and one byte a round give the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const slow = new RunningCrc64();
      for (let at = 0; at < bytes.length; at++) {
        slow.update(bytes.subarray(at, at + 1));
      }
      assert.equal(crc64(bytes), slow.value());
    }),
  );
});

test('the checksums of pieces give that of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
      const combined = combineCrc64(pieces.map((bytes) => ({ crc: crc64(bytes), size: bytes.length })));
      assert.equal(combined, crc64(Buffer.concat(pieces)));
    }),
  );
});
