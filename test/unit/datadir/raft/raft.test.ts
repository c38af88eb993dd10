import { test } from 'node:test';
import { decodeConfChange, decodeEntry, decodeHardState } from '../../../../src/datadir/raft/raft.ts';
import { MalformedMessage } from '../../../../src/protobuf/reader.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

for (const [what, decode] of Object.entries({
  'an entry': decodeEntry,
  'a hard state': decodeHardState,
  'a change of members': decodeConfChange,
})) {
  test(`${what} is read or refused, whatever its bytes are`, () => {
    fc.assert(
      fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decode(bytes), MalformedMessage)),
      { numRuns: randomWalkLength({ usual: 3000, long: 30000 }) },
    );
  });
}
