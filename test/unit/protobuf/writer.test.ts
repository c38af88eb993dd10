import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufReader } from '../../../src/protobuf/reader.ts';
import { ProtobufWriter } from '../../../src/protobuf/writer.ts';

test('fields are written in the order of the calls', () => {
  const bytes = new ProtobufWriter()
    .varint(1, 300)
    .bool(2, true)
    .bytes(3, Buffer.from('é'))
    .bytes(4, Buffer.alloc(0))
    .varint(200, 5n)
    .finish();
  assert.equal(Buffer.from(bytes).toString('hex'), '08ac0210011a02c3a92200c00c05');
});

test('the message grows with its fields', () => {
  const writer = new ProtobufWriter();
  for (let round = 0; round < 100; round++) {
    writer.varint(1, 2n ** 64n - 1n).bytes(2, Buffer.alloc(round, round));
  }
  const reader = new ProtobufReader(writer.finish());
  for (let round = 0; round < 100; round++) {
    assert.equal(reader.next(), 1);
    assert.equal(reader.uint64(), 2n ** 64n - 1n);
    assert.equal(reader.next(), 2);
    assert.deepEqual(Buffer.from(reader.bytes()), Buffer.alloc(round, round));
  }
  assert.equal(reader.next(), 0);
});
