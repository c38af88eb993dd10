import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MalformedMessage, ProtobufReader } from '../../../src/protobuf/protobuf-reader.ts';

/** Encodes as protobuf's base 128 varints, negative numbers as their 64-bit two's complement. */
function varint(value: bigint): number[] {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return bytes;
}

function readerOf(...bytes: readonly number[]): ProtobufReader {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  assert.ok(reader.next());
  return reader;
}

test('int64 gives back every 64-bit integer', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      assert.equal(readerOf(0x08, ...varint(value)).int64(), value);
    }),
  );
});

test('number gives back every safe integer', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      assert.equal(readerOf(0x08, ...varint(BigInt(value))).number(), value);
    }),
  );
});

for (const value of [2n ** 53n, 2n ** 63n - 1n, -1n]) {
  test(`number refuses ${value} instead of rounding it`, () => {
    assert.throws(() => readerOf(0x08, ...varint(value)).number(), MalformedMessage);
  });
}

test('fields of every wire type are passed over', () => {
  const reader = new ProtobufReader(
    Uint8Array.from([
      ...[0x08, ...varint(-1n)], // 1: varint
      ...[0x11, 1, 2, 3, 4, 5, 6, 7, 8], // 2: fixed64
      ...[0x1a, 3, 9, 9, 9], // 3: bytes
      ...[0x25, 1, 2, 3, 4], // 4: fixed32
      ...[0xfa, 0x7f, 1, 0x2a], // 2047: bytes
    ]),
  );
  const fields: number[] = [];
  while (reader.next()) {
    fields.push(reader.field);
    if (reader.field === 2047) {
      assert.deepEqual([...reader.bytes()], [0x2a]);
    } else {
      reader.skip();
    }
  }
  assert.deepEqual(fields, [1, 2, 3, 4, 2047]);
});

test('a message cut off anywhere is malformed and never read beyond', () => {
  const whole = [0x08, 0x96, 0x01, 0x12, 0x03, 1, 2, 3, 0x1d, 1, 2, 3, 4];
  const boundaries = new Set([0, 3, 8, 13]);
  for (let length = 0; length <= whole.length; length++) {
    const reader = new ProtobufReader(Uint8Array.from(whole.slice(0, length)));
    const walk = (): void => {
      while (reader.next()) {
        reader.skip();
      }
    };
    if (boundaries.has(length)) {
      walk();
    } else {
      assert.throws(walk, MalformedMessage, `at ${length}`);
    }
  }
});

test('groups, which etcd never sends, are malformed', () => {
  assert.throws(() => readerOf(0x0b).skip(), MalformedMessage);
});

test('a length that is no length is malformed', () => {
  assert.throws(() => readerOf(0x08, 1).bytes(), MalformedMessage);
});
