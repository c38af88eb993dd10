import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

it('no file of src imports a package lazily, which the build refuses', () => {
  const found = readdirSync(`${projectRoot}src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('wasm/assembly/'))
    .flatMap((name) => {
      const source = readFileSync(`${projectRoot}src/${name}`, 'utf8');
      const imports = [...source.matchAll(/\bimport\(\s*['"](?<target>[^'"]+)['"]/g)];
      return imports.map((match) => `${name}: ${match.groups?.['target'] ?? ''}`);
    })
    .filter((text) => !/: (\.|node:)/.test(text));
  assert.deepEqual(found, []);
});
