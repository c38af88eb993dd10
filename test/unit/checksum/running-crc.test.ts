import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crc32c, crc64 } from '../../../src/checksum/running-crc.ts';

// The check values are those of the catalogue of parametrised CRC algorithms.
const models = [
  { name: 'CRC-32C', model: crc32c, check: 0xe3069283n },
  { name: 'CRC-64/XZ', model: crc64, check: 0x995dc9bbdf1939fan },
];

for (const { name, model, check } of models) {
  describe(name, () => {
    test('has the check value of the catalogue', () => {
      assert.equal(model.of(Buffer.from('123456789')), check);
      assert.equal(model.of(new Uint8Array()), 0n);
    });

    test('is the same for eight bytes a round and one byte a round', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
          const slow = model.start();
          for (let at = 0; at < bytes.length; at++) {
            slow.update(bytes.subarray(at, at + 1));
          }
          assert.equal(model.of(bytes), slow.value());
        }),
      );
    });

    test('of pieces set end to end is that of the whole', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
          const combined = model.combine(pieces.map((bytes) => ({ crc: model.of(bytes), size: bytes.length })));
          assert.equal(combined, model.of(Buffer.concat(pieces)));
        }),
      );
    });
  });
}
