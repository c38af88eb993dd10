import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { readArchitecturePage } from './architecture-page.ts';
import { filesBelow, importsIn, type SourceImport, sourceImports } from './source-imports.ts';

const { tree, directions } = readArchitecturePage();

/** First part of a path below src, without the ending of a file. */
function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

/** The imports that go where the page does not let them. */
function forbidden(imports: readonly SourceImport[]): readonly string[] {
  return imports
    .filter(({ from, to }) => {
      const [room, other] = [roomOf(from), roomOf(to)];
      const free = room === other || other === 'revision';
      return !to.startsWith('src/') || (!free && directions.get(room)?.has(other) !== true);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe('the rooms of docs/architecture.md', () => {
  it('are the folders of src', () => {
    const files = filesBelow('src');
    const folders = new Set(files.map((file) => `${dirname(file)}/`).filter((folder) => folder !== 'src/'));
    const single = files.filter((file) => dirname(file) === 'src');
    assert.deepEqual(tree.toSorted(), [...folders, ...single].toSorted());
  });

  it('import only what the table lets them', () => {
    const imports = sourceImports();
    assert.ok(imports.length > 1_000, `${imports.length} imports were found`);
    assert.deepEqual(forbidden(imports), []);
  });

  it('keep providers apart, except those that are S3 with other defaults', () => {
    const providerOf = (path: string): string | undefined => /^src\/snapstore\/providers\/([^/]+)\//.exec(path)?.[1];
    const crossing = sourceImports()
      .map(({ from, to }) => [providerOf(from), providerOf(to)] as const)
      .filter(([from, to]) => from !== undefined && to !== undefined && from !== to)
      .map(([from, to]) => `${from} imports ${to}`);
    assert.deepEqual([...new Set(crossing)].toSorted(), ['ecs imports s3', 'ocs imports s3']);
  });

  it('use every direction of the table', () => {
    const used = new Set(sourceImports().map(({ from, to }) => `${roomOf(from)} ${roomOf(to)}`));
    const unused = [...directions].flatMap(([room, others]) =>
      [...others].map((other) => `${room} ${other}`).filter((direction) => !used.has(direction)),
    );
    assert.deepEqual(unused, []);
  });

  const rooms = [...directions.keys()];
  for (const room of rooms) {
    it(`are closed to ${room} where the table is silent`, () => {
      const others = rooms.filter((other) => other !== room && directions.get(room)?.has(other) !== true);
      for (const other of others) {
        const code = `const { x } = await import('../../${other}/deep/x.ts');`;
        assert.equal(forbidden(importsIn(`src/${room}/deep/y.ts`, code)).length, 1, `${room} to ${other}`);
      }
      assert.equal(forbidden(importsIn(`src/${room}/y.ts`, "import type { X } from '../../test/x.ts';")).length, 1);
    });
  }
});

describe('unit tests', () => {
  /** Of no single source file: what holds for all of src and its documents, and one table of all parsers. */
  const apart = ['test/unit/structure/', 'test/unit/fuzz/'];
  const files = filesBelow('test/unit').filter(
    (file) => file.endsWith('.test.ts') && !apart.some((folder) => file.startsWith(folder)),
  );
  const sourceOf = (file: string): string => file.replace('test/unit/', 'src/').replace(/\.test\.ts$/, '.ts');

  it('bear the name of their source and are in the folder of its name', () => {
    const sources = new Set(filesBelow('src'));
    const misplaced = files.filter((file) => !sources.has(sourceOf(file)));
    assert.deepEqual(misplaced, []);
  });
});
