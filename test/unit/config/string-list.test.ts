import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitList } from '../../../src/config/string-list.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

describe('comma separated lists', () => {
  const cases: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a,,b', ['a', '', 'b']],
    ['a,', ['a', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi"""', ['say "hi"']],
    ['"a', undefined],
    ['"a"b', undefined],
    ['a"b', undefined],
  ];
  for (const [text, items] of cases) {
    it(`${JSON.stringify(text)} gives ${JSON.stringify(items)}`, () => {
      assert.deepEqual(splitList(text), items);
    });
  }

  it('give back any items that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (items) => {
        const text = items.map((item) => `"${item.replaceAll('"', '""')}"`).join(',');
        assert.deepEqual(splitList(text), items);
      }),
    );
  });
});
