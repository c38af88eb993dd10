import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { errorCodesDocument } from '../../../scripts/error-codes-document.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';
import { failureCodes } from '../../../src/runtime/failure-code.ts';
import { filesBelow } from '../structure/source-imports.ts';

/** Codes that are put together from a prefix and a word, and where the words are. */
const compound = [
  { prefix: 'store_', folder: 'src/snapstore/' },
  { prefix: 'credentials_', folder: 'src/snapstore/credentials/' },
] as const;

function sourceOf(folder: string): string {
  return filesBelow(folder)
    .filter((file) => file.endsWith('.ts') && !/failure-codes?(\.ts$|\/)|failure-label\.ts$/.test(file))
    .map((file) => readFileSync(join(projectRoot, file), 'utf8'))
    .join('\n');
}

describe('the codes of failures', () => {
  it('are those of docs/error-codes.md', () => {
    const written = readFileSync(join(projectRoot, 'docs/error-codes.md'), 'utf8');
    assert.equal(written, errorCodesDocument(), 'run node scripts/write-documents.ts');
  });

  it('are all used', () => {
    const whole = sourceOf('src');
    const words = compound.map(({ prefix, folder }) => ({ prefix, text: sourceOf(folder) }));
    const unused = Object.keys(failureCodes).filter(
      (code) =>
        !whole.includes(`'${code}'`) &&
        !words.some(({ prefix, text }) => code.startsWith(prefix) && text.includes(`'${code.slice(prefix.length)}'`)),
    );
    assert.deepEqual(unused, []);
  });

  it('say with which exit code the program ends', () => {
    const usage = new UsageFailure({ action: 'use', object: '--x', found: 'it is wrong' });
    const others = Object.entries(failureCodes).filter(([, { exitCode }]) => exitCode === usage.exitCode);
    assert.deepEqual(
      others.map(([code]) => code),
      [usage.code, 'invalid_membership', 'data_dir_in_store', 'directory_of_system'],
    );
  });
});
