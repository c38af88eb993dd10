import { test } from 'node:test';
import { decodeRaftRequest } from '../../../../src/datadir/raft/raft-request.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

test('a request of the log is read or refused, whatever its bytes are', () => {
  fc.assert(
    fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decodeRaftRequest(bytes), MalformedMessage)),
    { numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
  );
});
