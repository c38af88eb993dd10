import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, crc32cOf } from '../../../src/checksum/crc32c.ts';

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

test('crc32cOf a view gives what crc32c gives of the bytes, wherever the range begins and ends', () => {
  const whole = Uint8Array.from({ length: 200 }, (_, index) => (index * index * 31 + index) & 0xff);
  const view = new DataView(whole.buffer, 7, 180);
  for (let start = 0; start < 40; start++) {
    for (let end = start; end <= 180; end += 7) {
      assert.equal(crc32cOf(17, view, start, end), crc32c(17, whole, start + 7, end + 7), `${start} to ${end}`);
    }
  }
});

test('crc32c refuses a range outside the bytes', () => {
  assert.throws(() => crc32c(0, new Uint8Array(4), 2, 5), RangeError);
});
