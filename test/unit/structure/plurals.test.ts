import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** A number that is written out before a plural, which is wrong for one. */
const COUNTED =
  /\$\{[^}]+\} (?:more |old )?(?:objects|snapshots|deltas|fulls|backups|parts|segments|chains|archives|problems|keys|uploads)\b/;

test('what is counted agrees with its number: countText writes it', () => {
  const src = `${projectRoot}src`;
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      readFileSync(path.join(src, file), 'utf8')
        .split('\n')
        .flatMap((line, at) => (COUNTED.test(line) ? `src/${file}:${at + 1}: ${line.trim()}` : [])),
    );
  assert.deepEqual(found, []);
});
