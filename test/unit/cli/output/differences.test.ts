import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceData, differenceLines } from '../../../../src/cli/output/differences.ts';

function side(main: number, value: string) {
  return {
    main,
    key: Buffer.alloc(0),
    createRevision: 1,
    modRevision: main,
    version: 1,
    lease: 0n,
    value: Buffer.from(value),
  };
}

function changed(key: string) {
  return {
    kind: 'changed',
    key: Buffer.from(key),
    before: side(2, 'a: 1\nb: 2\n'),
    after: side(5, 'a: 1\nb: 3\n'),
  } as const;
}

test('a value that is a text is compared line by line', () => {
  assert.deepEqual(differenceLines(changed('/registry/configmaps/x'), { showSecrets: false }), [
    '~ /registry/configmaps/x  (revision 2 to 5, 10 to 10 bytes)',
    '    @@ -1,2 +1,2 @@',
    '     a: 1',
    '    -b: 2',
    '    +b: 3',
  ]);
});

test('a secret is named, and shown only when that is asked for', () => {
  const difference = changed('/registry/secrets/ns/x');
  assert.doesNotMatch(differenceLines(difference, { showSecrets: false }).join('\n'), /b: /);
  assert.match(differenceLines(difference, { showSecrets: true }).join('\n'), /\+b: 3/);
});

test('scripts get both values', () => {
  assert.deepEqual(JSON.parse(differenceData(changed('k'))), {
    change: 'changed',
    key: 'k',
    before: { revision: 2, createRevision: 1, version: 1, size: 10, value: 'a: 1\nb: 2\n' },
    after: { revision: 5, createRevision: 1, version: 1, size: 10, value: 'a: 1\nb: 3\n' },
  });
});
