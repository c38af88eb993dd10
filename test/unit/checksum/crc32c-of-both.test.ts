import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '../../../src/checksum/crc32c.ts';
import { crc32cOfBoth } from '../../../src/checksum/crc32c-of-both.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';

const BYTES = seededBytes(70_000, 5);

test('the checksums of two pieces give that of the whole, wherever it is cut', () => {
  const whole = crc32c(0, BYTES);
  for (const cut of [0, 1, 2, 255, 256, 32_767, 32_768, 65_535, 69_999, 70_000]) {
    const first = crc32c(0, BYTES, 0, cut);
    const second = crc32c(0, BYTES, cut);
    assert.equal(crc32cOfBoth(first, second, BYTES.length - cut), whole, `cut at ${cut}`);
  }
});

test('long pieces are put together as well', () => {
  const zeros = new Uint8Array(5_000_000);
  assert.equal(crc32cOfBoth(crc32c(0, BYTES), crc32c(0, zeros), zeros.length), crc32c(crc32c(0, BYTES), zeros));
});
