import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../src/revision.ts';
import { parseRelativeKey } from '../../../src/snapshot/name.ts';
import { parseProofName, proofName } from '../../../src/snapshot/proof-name.ts';

test('the name of a proof tells all of it, and is no name of a snapshot', () => {
  for (const proof of [
    { on: 1_795_251_600, level: 'restore', sound: true, revision: revision(122) },
    { on: 1_795_251_600, level: 'hash', sound: false, revision: undefined },
    { on: 0, level: 'catalog', sound: true, revision: revision(123_456_789_012) },
  ] as const) {
    const name = proofName(proof);
    assert.deepEqual(parseProofName(name), proof);
    assert.equal(parseRelativeKey(`v2/${name}`).outcome, 'foreign');
  }
});

test('other names are none', () => {
  for (const name of [
    'Proof-1795251600-00000122-restore-fine.json',
    'Proof-1795251600-00000122-guess-sound.json',
    'Proof-1795251600-122-restore-sound.json',
    'Proof-999999999999-00000122-restore-sound.json',
    `Proof-1795251600-${'9'.repeat(16)}-restore-sound.json`,
    'Proof-1795251600-00000122-restore-sound.json.part',
    'History-1795251600-00000122.json',
  ]) {
    assert.equal(parseProofName(name), undefined, name);
  }
});
