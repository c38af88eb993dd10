import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { reasonOf } from '../../../../src/snapshot/compression/zlib-stage.ts';

function faultOf(damage: (bytes: Buffer) => void): string {
  const bytes = gzipSync(Buffer.from('what is backed up'), { level: 0 });
  damage(bytes);
  try {
    gunzipSync(bytes);
  } catch (error) {
    return reasonOf(error);
  }
  return 'none';
}

test('damage is told in words of ours', () => {
  assert.equal(
    faultOf((bytes) => bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)),
    'the checksum of the compressed data does not fit',
  );
  assert.equal(
    faultOf((bytes) => bytes.writeUInt8(0, 0)),
    'the compressed data cannot be expanded',
  );
});
