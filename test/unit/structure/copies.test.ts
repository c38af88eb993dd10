import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

test('nobody takes slice() for a copy: of a Buffer it is a view, which changes with it', async () => {
  const found: string[] = [];
  for await (const file of glob('src/**/*.ts', { cwd: projectRoot })) {
    for (const [at, line] of readFileSync(join(projectRoot, file), 'utf8').split('\n').entries()) {
      // Words are no bytes: of an array of them it is a copy.
      if (line.includes('.slice()') && !line.includes('Uint32Array(')) {
        found.push(`${file}:${at + 1}`);
      }
    }
  }
  assert.deepEqual(found, []);
});
