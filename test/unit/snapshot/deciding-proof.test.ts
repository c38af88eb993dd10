import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidingProof, withProof } from '../../../src/snapshot/deciding-proof.ts';
import type { ProofLevel } from '../../../src/snapshot/proof-name.ts';

interface Weighed {
  readonly on: number;
  readonly level: ProofLevel;
  readonly sound: boolean;
}

/** What decides between proofs, written as `<on> <level> <sound|damaged>`; it does so in whatever order they come. */
function decided(proofs: readonly string[], seconds = 100): string {
  const parsed = proofs.map((text): Weighed => {
    const [on, level, outcome] = text.split(' ');
    return { on: Number(on), level: level as ProofLevel, sound: outcome === 'sound' };
  });
  const shown = [parsed, parsed.toReversed(), [...parsed.slice(1), ...parsed.slice(0, 1)]].map((order) => {
    const proof = decidingProof(order.reduce<readonly Weighed[]>((known, each) => withProof(known, each, seconds), []));
    return proof === undefined ? 'none' : `${proof.on} ${proof.level} ${proof.sound ? 'sound' : 'damaged'}`;
  });
  assert.equal(new Set(shown).size, 1, shown.join(', '));
  return shown[0] ?? 'none';
}

test('the newest decides, but a sound one over older damage only where it goes as deep', () => {
  for (const [proofs, expected] of [
    [[], 'none'],
    [['1 restore sound', '2 restore sound'], '2 restore sound'],
    [['1 restore sound', '2 catalog damaged'], '2 catalog damaged'],
    [['1 restore damaged', '2 restore sound'], '2 restore sound'],
    [['1 catalog damaged', '2 restore sound'], '2 restore sound'],
    [['1 restore damaged', '2 structure sound'], '1 restore damaged'],
    [['1 restore damaged', '2 restore sound', '3 catalog sound'], '3 catalog sound'],
    [['1 restore sound', '2 restore damaged', '3 hash sound'], '2 restore damaged'],
    [['1 structure damaged', '2 catalog damaged', '3 hash sound'], '1 structure damaged'],
    [['1 structure damaged', '2 hash damaged', '3 catalog sound'], '2 hash damaged'],
    [['2 restore sound', '2 restore damaged'], '2 restore damaged'],
  ] as const) {
    assert.equal(decided(proofs), expected, proofs.join(', '));
  }
});

test('a proof that is more than five minutes ahead of the clock is left out', () => {
  assert.equal(decided(['100 restore damaged', '401 restore sound']), '100 restore damaged');
  assert.equal(decided(['100 restore damaged', '400 restore sound']), '400 restore sound');
  assert.equal(decided(['401 restore damaged']), 'none');
});
