import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { filesBelow } from './source-imports.ts';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['docs', 'example', 'src', 'test'].flatMap(filesBelow).filter((file) => file.endsWith('.md')),
];

/** What the build and the tests make. */
const made = /^(?:bin\/etcdbrctl|\.cache\/.*)$/;

/** Paths that a document names: targets of relative links, and code that looks like a path from the project's root. */
function pathsIn(file: string): readonly string[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) =>
    join(dirname(file), target),
  );
  const code = [...text.matchAll(/`((?:src|test|scripts|docs|bin|example)\/[^`\s*{}<>…]*)`/g)].map(
    ([, path = '']) => path,
  );
  return [...links, ...code].filter((path) => !made.test(path));
}

describe('documents', () => {
  it('name only files and folders that exist', () => {
    const named = documents.flatMap((file) => pathsIn(file).map((path) => ({ file, path })));
    assert.ok(named.length > 50, `${named.length} paths were found`);
    const absent = named.filter(({ path }) => !existsSync(join(projectRoot, path)));
    assert.deepEqual(absent, []);
  });
});
