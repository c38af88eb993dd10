import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedMessage, ProtobufReader } from '../../../src/protobuf/reader.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

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

/** A reader at its first field. */
function readerOf(...bytes: readonly number[]): ProtobufReader {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  assert.notEqual(reader.next(), 0);
  return reader;
}

/** Skips all fields and returns their numbers. */
function skipAll(bytes: readonly number[]): number[] {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  const fields: number[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    fields.push(field);
    reader.skip();
  }
  return fields;
}

/** A field of each wire type, the last with a number that takes two bytes. */
const everyType = [
  ...[0x08, ...varint(-1n)], // 1: varint
  ...[0x11, 1, 2, 3, 4, 5, 6, 7, 8], // 2: fixed64
  ...[0x1a, 3, 9, 9, 9], // 3: bytes
  ...[0x25, 1, 2, 3, 4], // 4: fixed32
  ...[0xfa, 0x7f, 1, 0x2a], // 2047: bytes
];

test('int64 and uint64 return every 64-bit integer', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      assert.equal(readerOf(0x08, ...varint(value)).int64(), BigInt.asIntN(64, value));
      assert.equal(readerOf(0x08, ...varint(value)).uint64(), BigInt.asUintN(64, value));
    }),
  );
});

test('number returns every safe integer', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat({ max: 2 ** 30 })), (value) => {
      assert.equal(readerOf(0x08, ...varint(BigInt(value))).number(), value);
    }),
  );
});

test('integers at the borders of the encodings are read', () => {
  for (const bits of [7n, 14n, 21n, 28n, 32n, 35n, 49n, 53n, 56n, 63n, 64n]) {
    for (const value of [2n ** bits - 1n, 2n ** (bits - 1n)]) {
      assert.equal(readerOf(0x08, ...varint(value)).uint64(), value);
      if (value <= Number.MAX_SAFE_INTEGER) {
        assert.equal(readerOf(0x08, ...varint(value)).number(), Number(value));
      }
    }
  }
});

for (const value of [2n ** 53n, 2n ** 63n - 1n, -1n]) {
  test(`number refuses ${value} instead of rounding it`, () => {
    assert.throws(
      () => readerOf(0x08, ...varint(value)).number(),
      new MalformedMessage('field 1 holds more than 2^53 - 1'),
    );
  });
}

test('any integer but 0 is true', () => {
  for (const value of [1n, 2n, -1n]) {
    assert.equal(readerOf(0x08, ...varint(value)).boolean(), true);
  }
  assert.equal(readerOf(0x08, 0).boolean(), false);
});

test('texts, bytes and embedded messages are read', () => {
  const message = [0x0a, 2, 0xc3, 0xa9, 0x12, 4, 0x08, 7, 0x10, 8, 0x1a, 1, 5];
  const reader = new ProtobufReader(Uint8Array.from([0xff, ...message, 0xff]), 1, 1 + message.length);
  assert.equal(reader.next(), 1);
  assert.equal(reader.text(), 'é');
  assert.equal(reader.next(), 2);
  const embedded = reader.message();
  assert.equal(reader.next(), 3);
  assert.deepEqual([...reader.bytes()], [5]);
  assert.equal(reader.next(), 0);
  assert.equal(embedded.next(), 1);
  assert.equal(embedded.number(), 7);
  assert.equal(embedded.next(), 2);
  assert.equal(embedded.number(), 8);
  assert.equal(embedded.next(), 0);
});

test('bytes are views of the message, not copies', () => {
  const message = Uint8Array.from([0x0a, 1, 1]);
  const reader = new ProtobufReader(message);
  reader.next();
  const bytes = reader.bytes();
  message[2] = 9;
  assert.deepEqual([...bytes], [9]);
});

test('repeated integers are read one by one and packed', () => {
  const reader = new ProtobufReader(Uint8Array.from([0x12, 3, 1, 4, 127, 0x10, 5]));
  const list: bigint[] = [];
  while (reader.next() !== 0) {
    reader.repeatedUint64(list);
  }
  assert.deepEqual(list, [1n, 4n, 127n, 5n]);
});

test('fields of every wire type are skipped', () => {
  assert.deepEqual(skipAll(everyType), [1, 2, 3, 4, 2047]);
});

test('tag and offset say where the reader is', () => {
  const reader = new ProtobufReader(Uint8Array.from([0xff, ...everyType]), 1);
  const places: number[][] = [];
  while (reader.next() !== 0) {
    const value = reader.offset;
    reader.skip();
    places.push([reader.tag, value, reader.offset]);
  }
  assert.deepEqual(places, [
    [0x08, 2, 12],
    [0x11, 13, 21],
    [0x1a, 22, 26],
    [0x25, 27, 31],
    [2047 * 8 + 2, 33, 35],
  ]);
});

test('a message cut off anywhere is malformed and never read beyond', () => {
  const boundaries = new Set([0, 11, 20, 25, 30, 34]);
  for (let length = 0; length <= everyType.length; length++) {
    const cut = everyType.slice(0, length);
    if (boundaries.has(length)) {
      skipAll(cut);
    } else {
      assert.throws(() => skipAll(cut), MalformedMessage, `at ${length}`);
    }
  }
});

/** What each method says about a field that it cannot read. */
const methods: readonly [string, (reader: ProtobufReader) => unknown][] = [
  ['number', (reader) => reader.number()],
  ['int64', (reader) => reader.int64()],
  ['uint64', (reader) => reader.uint64()],
  ['boolean', (reader) => reader.boolean()],
  ['repeatedUint64', (reader) => reader.repeatedUint64([])],
  ['skip', (reader) => reader.skip()],
];
for (const [name, read] of methods) {
  test(`${name} refuses an integer that does not end`, () => {
    for (let length = 0; length < 10; length++) {
      const unfinished = Array.from({ length }, () => 0x80);
      assert.throws(() => read(readerOf(0x08, ...unfinished)), /the message ends within a number/, `${length} bytes`);
    }
    const endless = Array.from({ length: 10 }, () => 0x80);
    assert.throws(() => read(readerOf(0x08, ...endless, 0)), /a number is longer than 64 bits/);
  });
}

test('a length beyond the end is malformed', () => {
  for (const read of [
    (reader: ProtobufReader) => reader.bytes(),
    (reader: ProtobufReader) => reader.text(),
    (reader: ProtobufReader) => reader.message(),
    (reader: ProtobufReader) => reader.skip(),
    (reader: ProtobufReader) => reader.repeatedUint64([]),
  ]) {
    assert.throws(() => read(readerOf(0x12, 3, 1, 2)), new MalformedMessage('field 2 claims 3 bytes, 2 are left'));
    assert.throws(() => read(readerOf(0x12, ...varint(2n ** 52n), 1)), /claims 4503599627370496 bytes/);
  }
});

test('a value of another wire type is malformed', () => {
  for (const read of [
    (reader: ProtobufReader) => reader.bytes(),
    (reader: ProtobufReader) => reader.text(),
    (reader: ProtobufReader) => reader.message(),
  ]) {
    assert.throws(() => read(readerOf(0x08, 1)), /field 1 has wire type 0 instead of 2/);
  }
  for (const read of [
    (reader: ProtobufReader) => reader.number(),
    (reader: ProtobufReader) => reader.int64(),
    (reader: ProtobufReader) => reader.uint64(),
    (reader: ProtobufReader) => reader.boolean(),
  ]) {
    assert.throws(() => read(readerOf(0x0a, 1, 1)), /field 1 has wire type 2 instead of 0/);
  }
  assert.throws(() => readerOf(0x0d, 1, 0, 0, 0).repeatedUint64([]), /field 1 has wire type 5 instead of 0/);
});

test('groups, which etcd never sends, and field numbers that protobuf does not have are malformed', () => {
  assert.throws(() => readerOf(0x0b).skip(), /field 1 has wire type 3/);
  assert.throws(() => skipAll([0x00, 0]), /field number 0/);
  assert.throws(() => skipAll([...varint(2n ** 32n + 8n), 0]), /field number 536870913/);
});
