import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestWord } from '../../../src/runtime/nearest-word.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

describe('the nearest word', () => {
  const words = ['snapshot', 'restore', 'initialize', 'compact', 'copy'];
  for (const [word, meant] of [
    ['snapshto', 'snapshot'],
    ['snap-shot', 'snapshot'],
    ['RESTORE', 'restore'],
    ['initialise', 'initialize'],
    ['cpoy', 'copy'],
    ['snap-sh-ot', 'snapshot'],
    ['copyy', 'copy'],
    ['defragment', undefined],
    ['', undefined],
  ] as const) {
    it(`to ${JSON.stringify(word)} is ${meant}`, () => {
      assert.equal(nearestWord(word, words), meant);
    });
  }

  it('is found whenever it is within the limit, and only then', () => {
    const letters = fc.constantFrom('a', 'b', 'c', '_');
    const text = fc.array(letters, { minLength: 1, maxLength: 24 }).map((all) => all.join(''));
    const mistake = fc.record({ at: fc.nat(24), kind: fc.constantFrom('add', 'drop', 'swap', 'put'), letter: letters });
    const nearby = fc.tuple(text, fc.array(mistake, { maxLength: 4 })).map(([word, mistakes]) => ({
      word,
      other: mistakes.reduce(withMistake, word),
    }));
    let found = 0;
    const runs = randomWalkLength({ usual: 3000, long: 30_000 });
    fc.assert(
      fc.property(nearby, fc.integer({ min: 1, max: 3 }), ({ word, other }, most) => {
        const limit = Math.min(most, Math.max(1, Math.floor(Math.max(word.length, other.length) * 0.34)));
        const isNear = distance(word, other) <= limit;
        found += isNear ? 1 : 0;
        assert.equal(nearestWord(word, [other], { most }), isNear ? other : undefined);
      }),
      { numRuns: runs },
    );
    assert.ok(found > runs / 5 && found < runs - runs / 20, `${found} of ${runs}`);
  });
});

interface Mistake {
  readonly at: number;
  readonly kind: 'add' | 'drop' | 'swap' | 'put';
  readonly letter: string;
}

function withMistake(text: string, { at, kind, letter }: Mistake): string {
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (kind) {
    case 'add':
      return before + letter + after;
    case 'drop':
      return before + after.slice(1);
    case 'swap':
      return before + after.slice(1, 2) + after.slice(0, 1) + after.slice(2);
    case 'put':
      return before + letter + after.slice(1);
    default:
      return kind satisfies never;
  }
}

/** The whole table, as the definition of optimal string alignment has it. */
function distance(from: string, to: string): number {
  const table = Array.from({ length: from.length + 1 }, (_, row) =>
    Array.from({ length: to.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const at = (row: number, column: number): number => table[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row++) {
    for (let column = 1; column <= to.length; column++) {
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      table[row]?.splice(
        column,
        1,
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1),
          isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(from.length, to.length);
}
