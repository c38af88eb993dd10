import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrefixGlob } from '../../../../src/operations/fleet/prefix-glob.ts';

const CASES: readonly {
  readonly glob: readonly string[];
  readonly matches: readonly string[];
  readonly not: readonly string[];
  readonly begins: string;
}[] = [
  { glob: ['**'], matches: ['', 'a', 'a/b/c'], not: [], begins: '' },
  { glob: ['prod-*'], matches: ['prod-', 'prod-a'], not: ['prod-a/b', 'prod', 'xprod-a'], begins: 'prod-' },
  { glob: ['*/etcd-main'], matches: ['a/etcd-main'], not: ['etcd-main', 'a/b/etcd-main'], begins: '' },
  { glob: ['team/**/x'], matches: ['team/x', 'team/a/x', 'team/a/b/x'], not: ['team', 'x'], begins: 'team/' },
  { glob: ['c?-*-z'], matches: ['c1-a-z', 'c1-a-b-z'], not: ['c-a-z', 'c1-a-zz'], begins: 'c' },
  { glob: ['/a/b/'], matches: ['a/b'], not: ['a', 'a/b/c'], begins: 'a/b' },
  { glob: ['prod-a', 'prod-b*'], matches: ['prod-a', 'prod-bb'], not: ['prod-c'], begins: 'prod-' },
  { glob: ['a.c'], matches: ['a.c'], not: ['abc'], begins: 'a.c' },
  { glob: ['a?c'], matches: ['a😀c'], not: ['a😀😀c', 'ac'], begins: 'a' },
  { glob: ['a😀', 'a😁'], matches: ['a😀', 'a😁'], not: ['a😂'], begins: 'a' },
];

for (const { glob, matches, not, begins } of CASES) {
  test(`the patterns ${glob.join(', ')}`, () => {
    const patterns = new PrefixGlob(glob);
    assert.deepEqual(
      [...matches, ...not].filter((each) => patterns.matches(each)),
      matches,
    );
    assert.equal(patterns.beginning, begins);
    for (const prefix of matches) {
      const folders = prefix.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'));
      assert.ok(folders.every((folder) => patterns.mayHold(folder)));
      assert.ok(prefix.startsWith(begins));
    }
  });
}

test('folders that can hold nothing wanted are not looked into', () => {
  const patterns = new PrefixGlob(['prod-*/etcd-main']);
  assert.ok(patterns.mayHold('prod-a'));
  assert.deepEqual(
    ['test', 'prod-a/other', 'prod-a/etcd-main/x'].filter((each) => patterns.mayHold(each)),
    [],
  );
});

test('no name takes long', () => {
  const patterns = new PrefixGlob(['*a*a*a*a*a*a*a*a*a*b', '**/**/**/**/**/x']);
  const began = performance.now();
  assert.equal(patterns.matches('a'.repeat(1_000)), false);
  assert.equal(patterns.matches('y/'.repeat(500)), false);
  assert.ok(performance.now() - began < 2_000);
});
