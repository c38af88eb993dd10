import { test } from 'node:test';
import fc from 'fast-check';
import { decodeRaftRequest } from '../../../../src/datadir/raft/raft-request.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused, seededRuns } from '../../../support/fuzz/arbitrary-messages.ts';

test('a request of the log is read or refused, whatever its bytes are', () => {
  fc.assert(
    fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decodeRaftRequest(bytes), MalformedMessage)),
    { ...seededRuns, numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
  );
});
