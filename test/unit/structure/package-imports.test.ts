import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { filesBelow } from './source-imports.ts';

/** What a pattern's group `found` is in the sources of src, as `file: found`. */
function inSources(pattern: RegExp): readonly string[] {
  return filesBelow('src')
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/wasm/assembly/'))
    .flatMap((file) => {
      const source = readFileSync(projectRoot + file, 'utf8');
      return [...source.matchAll(pattern)].map((match) => `${file}: ${match.groups?.['found'] ?? ''}`);
    });
}

it('no file of src imports a package lazily, which the build refuses', () => {
  const lazy = inSources(/\bimport\(\s*['"](?<found>[^'"]+)['"]/g).filter((text) => !/: (\.|node:)/.test(text));
  assert.deepEqual(lazy, []);
});

it('zod is imported as a namespace, of which the bundle takes what is used, and in its small form where every command needs it', () => {
  const whole = inSources(/^(?<found>import (?:type )?(?!type|\*)[^;]* from 'zod(?:\/mini)?');/gm);
  assert.deepEqual(whole, []);
  const large = inSources(/^import \* as z from (?<found>'zod');/gm).filter(
    (text) => !/^src\/snapstore\/(credentials|providers)\//.test(text),
  );
  assert.deepEqual(large, []);
});
