import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeMetadata,
  decodeWalSnapshot,
  encodeMetadata,
  encodeWalSnapshot,
  RecordEncoder,
} from '../../../../src/datadir/wal/record.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const METADATA = { nodeId: 0xfedc_ba98_7654_3210n, clusterId: 0x8000_0000_0000_0001n };
const SNAPSHOT = { index: 2 ** 40, term: 3, confState: { voters: [2n ** 64n - 1n], learners: [5n] } };

test('a frame is its length, the record and padding to a multiple of 8', () => {
  const frame = (data: string): string =>
    Buffer.from(new RecordEncoder(0).encode('state', Buffer.from(data))).toString('hex');
  // The record has 14 bytes, so 2 follow it; the top byte of the length says so.
  assert.match(frame('abcd'), /^0e000000000000820803(?:..)*1a0461626364(?:00){2}$/);
  assert.match(frame('abcdef'), /^10000000000000000803(?:..)*1a06616263646566$/);
});

test('metadata and a mark are read as they were written, and refused when cut within a field', () => {
  const metadata = encodeMetadata(METADATA);
  assert.deepEqual(decodeMetadata(metadata), METADATA);
  const snapshot = encodeWalSnapshot(SNAPSHOT);
  assert.deepEqual(decodeWalSnapshot(snapshot), SNAPSHOT);
  const first = encodeWalSnapshot({ index: 0, term: 0, confState: undefined });
  assert.deepEqual(decodeWalSnapshot(first), { index: 0, term: 0, confState: undefined });
  const cuts = (bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): readonly number[] =>
    Array.from(bytes.keys()).filter((length) => {
      try {
        decode(bytes.subarray(0, length));
        return true;
      } catch (error) {
        assert.ok(error instanceof MalformedMessage);
        return false;
      }
    });
  // Protobuf cannot tell a message cut between two fields from a shorter one; the checksum of the frame does.
  assert.deepEqual(cuts(metadata, decodeMetadata), [0, 11]);
  assert.deepEqual(cuts(snapshot, decodeWalSnapshot), [0, 7, 9]);
});

for (const [what, decode] of Object.entries({ metadata: decodeMetadata, 'a mark': decodeWalSnapshot })) {
  test(`${what} is read or refused, whatever its bytes are`, () => {
    fc.assert(
      fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decode(bytes), MalformedMessage)),
      { numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
    );
  });
}
