import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { env, execPath } from 'node:process';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

/** Runs test files, each of which notes its name when it begins. */
function runAll(files: Readonly<Record<string, string>>) {
  using dir = makeTempDir();
  for (const [name, code] of Object.entries(files)) {
    writeFileSync(
      dir.join(name),
      `${code}\nimport { appendFileSync } from 'node:fs'; import { it } from 'node:test'; appendFileSync('begun', '${name} ');`,
    );
  }
  // The variable tells a test that it runs within another.
  const { NODE_TEST_CONTEXT: _, ...rest } = env;
  const options = { cwd: dir.path, env: rest, encoding: 'utf8' } as const;
  const ended = spawnSync(execPath, [`${projectRoot}scripts/tests/run-all.ts`, '1', 'a.*', '*.test.mjs'], options);
  return { ...ended, begun: readFileSync(dir.join('begun'), 'utf8').trim().split(' ') };
}

it('files that say that they take long come first, each file once, and the result is last', () => {
  const { stdout, status, begun } = runAll({
    'a.test.mjs': "it('holds', () => {});",
    'b.test.mjs': "it('holds', () => {});",
    'c.test.mjs': "// Takes long: it waits.\nit('holds', () => {});",
  });
  assert.deepEqual(begun, ['c.test.mjs', 'a.test.mjs', 'b.test.mjs']);
  assert.match(stdout, /tests 3, passed 3, failed 0, skipped 0, in 0 min \d+ s\nPASS\n$/);
  assert.equal(status, 0);
});

it('a test that fails fails the run', () => {
  const { stdout, status } = runAll({
    'a.test.mjs': "it('holds', () => {});",
    'b.test.mjs': "it('breaks', () => { throw new Error('no'); });",
  });
  assert.match(stdout, /FAILED b\.test\.mjs:1\n {2}breaks\n {4}Error: no/);
  assert.match(stdout, /FAIL\n$/);
  assert.equal(status, 1);
});
