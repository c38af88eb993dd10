import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLease, leaseId, leaseRecord } from '../../../../src/datadir/mvcc/lease-record.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';

const ID = -0x123_4567_89ab_cdefn;

test('a lease is read as it was written, negative ids included', () => {
  for (const id of [1n, 0x7fff_ffff_ffff_ffffn, ID]) {
    const { key, value } = leaseRecord(id, 3600);
    assert.equal(leaseId(key), id);
    assert.deepEqual(decodeLease(value), { id, ttlSeconds: 3600n });
  }
  const { key, value } = leaseRecord(0x1234n, 60);
  assert.equal(Buffer.from(key).toString('hex'), '0000000000001234');
  assert.equal(Buffer.from(value).toString('hex'), '08b424103c');
});

test('a record cut within a field is refused, and a key of another size names no lease', () => {
  const { key, value } = leaseRecord(ID, 3600);
  for (let length = 1; length < value.length; length++) {
    // After the tag and ten bytes of the id the message ends between two fields.
    if (length !== 11) {
      assert.throws(() => decodeLease(value.subarray(0, length)), MalformedMessage, `cut to ${length}`);
    }
  }
  for (let length = 0; length < key.length; length++) {
    assert.equal(leaseId(key.subarray(0, length)), 0n);
  }
});
