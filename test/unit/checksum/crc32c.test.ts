import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineCrc32c, crc32c, crc32cOfView } from '../../../src/checksum/crc32c.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('crc32c gives the check value of the catalogue', () => {
  assert.equal(crc32c(0, text('123456789')), 0xe3069283);
});

test('crc32c gives the vectors of RFC 3720 B.4', () => {
  assert.equal(crc32c(0, new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(0, new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(
    crc32c(
      0,
      Uint8Array.from({ length: 32 }, (_, index) => index),
    ),
    0x46dd794e,
  );
});

test('crc32c of a whole equals crc32c continued over its pieces, at every split', () => {
  const whole = Uint8Array.from({ length: 61 }, (_, index) => (index * 37) & 0xff);
  const sum = crc32c(0, whole);
  for (let split = 0; split <= whole.length; split++) {
    assert.equal(crc32c(crc32c(0, whole, 0, split), whole, split), sum);
  }
});

test('crc32c of a long range equals that of its pieces, wherever it begins and ends', () => {
  const whole = Uint8Array.from({ length: 4000 }, (_, index) => (index * index * 31 + index) & 0xff);
  for (const start of [0, 1, 3, 8, 15]) {
    for (const end of [1023, 1024, 1025, 1039, 3983, 3999, 4000]) {
      let pieces = 0;
      for (let at = start; at < end; at += 97) {
        pieces = crc32c(pieces, whole, at, Math.min(at + 97, end));
      }
      assert.equal(crc32c(0, whole, start, end), pieces, `${start} to ${end}`);
    }
  }
});

test('crc32cOfView a view gives what crc32c gives of the bytes, wherever the range begins and ends', () => {
  const whole = Uint8Array.from({ length: 200 }, (_, index) => (index * index * 31 + index) & 0xff);
  const view = new DataView(whole.buffer, 7, 180);
  for (let start = 0; start < 40; start++) {
    for (let end = start; end <= 180; end += 7) {
      assert.equal(crc32cOfView(17, view, start, end), crc32c(17, whole, start + 7, end + 7), `${start} to ${end}`);
    }
  }
});

test('crc32c refuses a range outside the bytes', () => {
  assert.throws(() => crc32c(0, new Uint8Array(4), 2, 5), RangeError);
});

test('the checksums of two pieces give that of the whole, wherever it is cut', () => {
  const bytes = seededBytes(70_000, 5);
  const whole = crc32c(0, bytes);
  for (const cut of [0, 1, 2, 255, 256, 32_767, 32_768, 65_535, 69_999, 70_000]) {
    const first = crc32c(0, bytes, 0, cut);
    const second = crc32c(0, bytes, cut);
    assert.equal(combineCrc32c(first, second, bytes.length - cut), whole, `cut at ${cut}`);
  }
  const zeros = new Uint8Array(5_000_000);
  assert.equal(combineCrc32c(whole, crc32c(0, zeros), zeros.length), crc32c(whole, zeros));
});
