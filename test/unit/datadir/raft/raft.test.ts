import { test } from 'node:test';
import fc from 'fast-check';
import { decodeConfChange, decodeEntry, decodeHardState } from '../../../../src/datadir/raft/raft.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused, seededRuns } from '../../../support/fuzz/arbitrary-messages.ts';

for (const [what, decode] of Object.entries({
  'an entry': decodeEntry,
  'a hard state': decodeHardState,
  'a change of members': decodeConfChange,
})) {
  test(`${what} is read or refused, whatever its bytes are`, () => {
    fc.assert(
      fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decode(bytes), MalformedMessage)),
      { ...seededRuns, numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
    );
  });
}
