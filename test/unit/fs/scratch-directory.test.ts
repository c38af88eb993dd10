import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { createScratchDirectory } from '../../../src/fs/scratch-directory.ts';
import { createTemporaryDirectory } from '../../../src/fs/temporary-directory.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

/** Deeper than what is removed. */
function makeDeep(directory: string): void {
  mkdirSync(join(directory, ...Array.from({ length: 520 }, () => 'd')), { recursive: true });
}

test('a scratch directory is gone at its end', async () => {
  using dir = makeTempDir();
  const log = new RecordedLog();
  const scratch = await createScratchDirectory(dir.path, 'compact', { log });
  mkdirSync(join(scratch.path, 'sub'));
  await scratch[Symbol.asyncDispose]();
  assert.ok(!existsSync(scratch.path));
  assert.deepEqual(log.lines, []);
});

test('work that is done does not fail because its scratch directory cannot be removed', async () => {
  using dir = makeTempDir();
  const log = new RecordedLog();
  const scratch = await createScratchDirectory(dir.path, 'compact', { log });
  makeDeep(scratch.path);
  await scratch[Symbol.asyncDispose]();
  assert.match(log.texts[0] ?? '', /^A scratch directory in \S+ cannot be removed; a later run tries again$/);
  const strict = await createTemporaryDirectory(dir.path, 'export');
  makeDeep(strict.path);
  await assert.rejects(async () => await strict[Symbol.asyncDispose](), /is not removed/);
});
