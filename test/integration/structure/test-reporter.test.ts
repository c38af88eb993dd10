import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { env, execPath } from 'node:process';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

const files = {
  'good.test.mjs': `import { it } from 'node:test'; console.error('nothing to see'); it('holds', () => {});`,
  'bad.test.mjs': `import { describe, it } from 'node:test'; import assert from 'node:assert';
    console.error('seen before it failed');
    describe('a suite', () => { it('breaks', () => assert.equal(1, 2)); it('waits', { skip: 'no root' }, () => {}); });`,
  'gone.test.mjs': 'process.exit(3);',
};

function report(names: readonly (keyof typeof files)[]) {
  using dir = makeTempDir();
  for (const name of names) {
    writeFileSync(dir.join(name), files[name]);
  }
  const args = ['--test', `--test-reporter=${projectRoot}scripts/test-reporter.ts`, ...names];
  // The variable tells a test that it runs within another.
  const { NODE_TEST_CONTEXT: _, ...rest } = env;
  return spawnSync(execPath, args, { cwd: dir.path, env: rest, encoding: 'utf8' });
}

it('the report of the tests ends with the result, and shows what failed and why', () => {
  const { stdout, status } = report(['good.test.mjs', 'bad.test.mjs', 'gone.test.mjs']);
  assert.equal(status, 1);
  assert.match(stdout, /FAILED bad\.test\.mjs:3\n {2}breaks\n {4}AssertionError.*1 == 2/);
  assert.match(stdout, /bad\.test\.mjs printed\n {4}seen before it failed/);
  assert.doesNotMatch(stdout, /nothing to see/);
  assert.match(stdout, /skipped 1: no root\n {2}failed: .*\n {2}failed: .*\n/);
  assert.match(stdout, /tests \d, passed \d, failed 2, skipped 1, in 0 min \d+ s\nFAIL\n$/);
});

it('the report of tests that pass ends with PASS', () => {
  const { stdout, status } = report(['good.test.mjs']);
  assert.equal(status, 0);
  assert.match(stdout, /tests 1, passed 1, failed 0, skipped 0, in 0 min \d+ s\nPASS\n$/);
});
