import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeKeyValue,
  encodeKeyValue,
  encodeTombstone,
  KEY_VALUE_OVERHEAD,
  keyOf,
  modRevisionOf,
} from '../../../../src/datadir/mvcc/key-value.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test('decodeKeyValue reads back what encodeKeyValue writes, within the room that is promised', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.uint8Array(),
      safe,
      safe,
      safe,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (key, value, createRevision, modRevision, version, lease) => {
        const source = Buffer.concat([key, value]);
        const target = new Uint8Array(source.length + KEY_VALUE_OVERHEAD);
        const fields = {
          keyStart: 0,
          keyEnd: key.length,
          valueStart: key.length,
          valueEnd: source.length,
          createRevision,
          modRevision,
          version,
          lease,
        };
        const end = encodeKeyValue(target, 0, source, fields);
        assert.ok(end <= target.length);
        const record = decodeKeyValue(target, 0, end);
        assert.ok(record);
        assert.deepEqual(
          { ...record, key: [...record.key], value: [...record.value] },
          { key: [...key], value: [...value], createRevision, modRevision, version, lease },
        );
      },
    ),
  );
});

test('a tombstone holds only the key', () => {
  const target = new Uint8Array(100);
  const end = encodeTombstone(target, 0, Buffer.from('key'), { keyStart: 0, keyEnd: 3 });
  assert.deepEqual([...target.subarray(0, end)], [0x0a, 3, ...Buffer.from('key')]);
});

test('decodeKeyValue refuses a message cut short anywhere but between fields', () => {
  const whole = Buffer.from('0a036b65791005180520012a0576616c7565' + '3009', 'hex');
  const between = [0, 5, 7, 9, 11, 18, 20];
  for (let end = 0; end <= whole.length; end++) {
    assert.equal(decodeKeyValue(whole, 0, end) !== undefined, between.includes(end), `cut at ${end}`);
  }
});

test('decodeKeyValue passes over unknown fields of every wire type', () => {
  const unknown = ['3801', '4101020304050607080a0131'.slice(0, 18), '4a020102', '5501020304'];
  const record = decodeKeyValue(Buffer.from(`${unknown.join('')}0a016b1803`, 'hex'));
  assert.equal(Buffer.from(record?.key ?? []).toString(), 'k');
  assert.equal(record?.modRevision, 3);
});

test('decodeKeyValue refuses numbers above 2^53 - 1 and endless ones', () => {
  assert.equal(decodeKeyValue(Buffer.from('18ffffffffffffff0f', 'hex'))?.modRevision, Number.MAX_SAFE_INTEGER);
  assert.equal(decodeKeyValue(Buffer.from('188080808080808010', 'hex')), undefined);
  assert.equal(decodeKeyValue(Buffer.from(`18${'ff'.repeat(12)}`, 'hex')), undefined);
});

test('modRevisionOf sees the revision that decodeKeyValue sees, and refuses what is cut short', () => {
  const whole = Buffer.from('0a036b65791005180520012a0576616c7565' + '3009', 'hex');
  for (let end = 0; end <= whole.length; end++) {
    assert.equal(modRevisionOf(whole, 0, end), decodeKeyValue(whole, 0, end)?.modRevision, `cut at ${end}`);
  }
  const someBytes = fc.array(fc.constantFrom(0x0a, 0x10, 0x18, 0x20, 0x2a, 0x30, 0x41, 0x55, 0x80, 0xff, 1, 3, 5));
  fc.assert(
    fc.property(someBytes, (values) => {
      const bytes = Uint8Array.from(values);
      const record = decodeKeyValue(bytes);
      assert.ok(record === undefined || modRevisionOf(bytes, 0, bytes.length) === record.modRevision);
    }),
    { numRuns: randomWalkLength({ usual: 2000, long: 20000 }) },
  );
});

test('a field of number 0 is no field: etcd does not start on a db with one', () => {
  for (const hex of ['0a016b0005', '0a016b0200']) {
    const bytes = Buffer.from(hex, 'hex');
    assert.equal(decodeKeyValue(bytes), undefined);
    assert.equal(modRevisionOf(bytes, 0, bytes.length), undefined);
  }
});

test('a known field in another form is damage: etcd does not start on a db with one', () => {
  for (const hex of [
    '0a016b1803 2803',
    '0a016b1803 0803',
    '0a016b1803 1a0100',
    '1803 0d01020304',
    '0a016b 190102030405060708',
  ]) {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    assert.equal(decodeKeyValue(bytes), undefined, hex);
    assert.equal(modRevisionOf(bytes, 0, bytes.length), undefined, hex);
    assert.equal(keyOf(bytes, 0, bytes.length), undefined, hex);
  }
});

test('keyOf sees the key that decodeKeyValue sees', () => {
  for (const hex of ['', '0a016b', '1803', '0a016b1005180520012a0576616c75653009', '38010a016b', '0a026b']) {
    const bytes = Buffer.from(hex, 'hex');
    assert.deepEqual(keyOf(bytes, 0, bytes.length), decodeKeyValue(bytes)?.key, hex);
  }
});

test('unknown fields are skipped whichever field is read, and are damage when they are cut short', () => {
  for (const unknown of ['3801', '410102030405060708', '4a020102', '5501020304', 'fa7f012a']) {
    const bytes = Buffer.from(`0a016b${unknown}1803`, 'hex');
    assert.equal(modRevisionOf(bytes, 0, bytes.length), 3, unknown);
    assert.deepEqual(keyOf(bytes, 0, bytes.length), Buffer.from('k'), unknown);
    for (let end = 4; end < bytes.length - 2; end++) {
      assert.equal(modRevisionOf(bytes, 0, end), undefined, `${unknown} cut at ${end}`);
      assert.equal(keyOf(bytes, 0, end), undefined, `${unknown} cut at ${end}`);
    }
  }
});

test('a tag may be longer than it has to be, as for every protobuf decoder', () => {
  const bytes = Buffer.from('8a00016b 988000ffffffffffffff0f'.replaceAll(' ', ''), 'hex');
  assert.deepEqual(keyOf(bytes, 0, bytes.length), Buffer.from('k'));
  assert.equal(modRevisionOf(bytes, 0, bytes.length), Number.MAX_SAFE_INTEGER);
  assert.equal(decodeKeyValue(bytes)?.modRevision, Number.MAX_SAFE_INTEGER);
});

test('modRevisionOf refuses only its own number above 2^53 - 1', () => {
  const create = Buffer.from(`0a016b10${'ff'.repeat(9)}011803`, 'hex');
  assert.equal(modRevisionOf(create, 0, create.length), 3);
  assert.equal(decodeKeyValue(create), undefined);
  const mod = Buffer.from('188080808080808010', 'hex');
  assert.equal(modRevisionOf(mod, 0, mod.length), undefined);
  assert.deepEqual(keyOf(mod, 0, mod.length), new Uint8Array(0));
});

test('any bytes are a record or none, and never an error', () => {
  fc.assert(
    fc.property(arbitraryBytes, (bytes) => void decodeKeyValue(bytes)),
    { numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
  );
});
