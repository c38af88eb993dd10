import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import {
  decodeSnapFile,
  encodeSnapFile,
  formatSnapName,
  type RaftSnapshot,
  writeSnapFile,
} from '../../../../src/datadir/snap/snap-file.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryBytes, assertReadOrRefused } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const SNAPSHOT: RaftSnapshot = {
  term: 3,
  index: 0x1_0000_0001,
  confState: { voters: [1n, 2n ** 64n - 1n], learners: [3n] },
  data: Buffer.from('{"Root":null}'),
};
const NAME = '0000000000000003-0000000100000001.snap';

test('a snapshot is read as it was written, below a name of term and index', async () => {
  using temp = makeTempDir();
  await writeSnapFile(temp.path, SNAPSHOT);
  assert.equal(formatSnapName(SNAPSHOT), NAME);
  const read = decodeSnapFile(await readFile(temp.join(NAME)), NAME);
  assert.deepEqual({ ...read, data: Buffer.from(read.data) }, SNAPSHOT);
});

test('every cut and every flipped bit of a snapshot file is damage', () => {
  const bytes = encodeSnapFile(SNAPSHOT);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeSnapFile(bytes.subarray(0, length), NAME), Damage, `cut to ${length}`);
  }
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => decodeSnapFile(flipped, NAME), Damage, `bit ${bit}`);
  }
});

test('any bytes are read or refused, and one changed byte is refused', () => {
  const sound = encodeSnapFile(SNAPSHOT);
  fc.assert(
    fc.property(arbitraryBytes, (bytes) => assertReadOrRefused(() => decodeSnapFile(bytes, NAME), Damage)),
    { numRuns: randomWalkLength({ usual: 300, long: 3000 }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(sound);
      changed[at] = (changed[at] ?? 0) ^ change;
      assert.throws(() => decodeSnapFile(changed, NAME), Damage);
    }),
    { numRuns: randomWalkLength({ usual: 300, long: 3000 }) },
  );
});
