import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** Where reasons of damage are found; what reports them says "it is damaged: REASON". */
const ROOMS = ['snapshot', 'datadir', 'objects'] as const;

/** Where reports put them into a sentence. */
const REPORTS = new Set(['objects/read-failure.ts', 'objects/snapshot-failure.ts', 'datadir/damage.ts']);

test('no reason of damage says itself that something is damaged: its report does', () => {
  const found: string[] = [];
  for (const room of ROOMS) {
    for (const name of readdirSync(`${projectRoot}src/${room}`, { recursive: true, encoding: 'utf8' })) {
      const file = `${room}/${name}`;
      if (!name.endsWith('.ts') || REPORTS.has(file)) {
        continue;
      }
      const lines = readFileSync(`${projectRoot}src/${file}`, 'utf8').split('\n');
      for (const [at, line] of lines.entries()) {
        const texts = /^\s*(\*|\/)/.test(line) ? [] : (line.match(/'[^']*'|`[^`]*`/g) ?? []);
        if (texts.some((text) => /\b(is|are|was) damaged/.test(text))) {
          found.push(`src/${file}:${at + 1}: ${line.trim()}`);
        }
      }
    }
  }
  assert.deepEqual(found, []);
});
