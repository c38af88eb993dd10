import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError, WireReader } from '../../../src/protobuf/wire-reader.ts';
import { WireWriter } from '../../../src/protobuf/wire-writer.ts';

test('numbers of every size come back as they were written', () => {
  const numbers = [0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 49n - 1n, 2n ** 49n, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n];
  for (const value of numbers) {
    const bytes = new WireWriter().varint(7, value).finish();
    assert.equal(
      read(bytes, (reader) => reader.uint64()),
      value,
    );
    assert.equal(
      read(bytes, (reader) => reader.int64()),
      BigInt.asIntN(64, value),
    );
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      assert.equal(
        read(bytes, (reader) => reader.integer()),
        Number(value),
      );
    } else {
      assert.throws(() => read(bytes, (reader) => reader.integer()), WireError);
    }
  }
});

test('a negative number is written as its 64-bit complement', () => {
  const bytes = new WireWriter().varint(1, -2n).finish();
  assert.equal(Buffer.from(bytes).toString('hex'), '08feffffffffffffffff01');
  assert.equal(
    read(bytes, (reader) => reader.int64()),
    -2n,
  );
});

test('byte fields, texts, packed and unpacked lists are read, unknown fields of every kind skipped', () => {
  const bytes = Buffer.concat([
    new WireWriter().bytes(1, Buffer.from('é')).finish(),
    Buffer.from('51'.padEnd(18, '0'), 'hex'), // field 10, eight bytes
    Buffer.from('5d'.padEnd(10, '0'), 'hex'), // field 11, four bytes
    Buffer.from('12030104ff', 'hex').subarray(0, 4), // field 2, packed, cut below
  ]);
  const reader = new WireReader(Buffer.concat([bytes, Buffer.from('7f1005', 'hex')]));
  assert.equal(reader.next(), 1);
  assert.equal(reader.string(), 'é');
  assert.equal(reader.next(), 10);
  reader.skip();
  assert.equal(reader.next(), 11);
  reader.skip();
  const list: bigint[] = [];
  assert.equal(reader.next(), 2);
  reader.repeatedUint64(list);
  assert.equal(reader.next(), 2);
  reader.repeatedUint64(list);
  assert.deepEqual(list, [1n, 4n, 127n, 5n]);
  assert.equal(reader.next(), 0);
});

test('a message cut anywhere, and one that is none, is refused', () => {
  const whole = new WireWriter()
    .bytes(1, Buffer.from('abc'))
    .varint(2, 2n ** 60n)
    .finish();
  const walk = (bytes: Uint8Array): void => {
    const reader = new WireReader(bytes);
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      reader.skip();
    }
  };
  walk(whole);
  for (let length = 1; length < whole.length; length++) {
    if (length !== 5) {
      assert.throws(() => walk(whole.subarray(0, length)), WireError, `cut to ${length}`);
    }
  }
  assert.throws(() => walk(Buffer.from('00', 'hex')), /field number 0/);
  assert.throws(() => walk(Buffer.from('0b', 'hex')), /wire type 3/);
  assert.throws(() => walk(Buffer.from('08ffffffffffffffffffff01', 'hex')), /longer than 64 bits/);
  assert.throws(() => read(Buffer.from('0801', 'hex'), (reader) => reader.bytes()), /wire type 0 instead of 2/);
});

function read<T>(bytes: Uint8Array, value: (reader: WireReader) => T): T {
  const reader = new WireReader(bytes);
  assert.notEqual(reader.next(), 0);
  return value(reader);
}
