import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { env, execPath } from 'node:process';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

const sound = `import { it } from 'node:test'; it('holds', () => {});`;

/** Runs test files in one process that they share, where they do not say otherwise. */
function run(files: Readonly<Record<string, string>>) {
  using dir = makeTempDir();
  mkdirSync(dir.join('unit'));
  for (const [name, code] of Object.entries(files)) {
    writeFileSync(dir.join('unit', name), code);
  }
  const options = { cwd: dir.path, encoding: 'utf8' } as const;
  const list = execFileSync(execPath, [`${projectRoot}scripts/tests/share-processes.ts`, 'unit', '1'], options);
  const processes = list.trim().split('\n');
  const args = ['--test', `--test-reporter=${projectRoot}scripts/test-reporter.ts`, ...processes];
  // The variable tells a test that it runs within another.
  const { NODE_TEST_CONTEXT: _, ...rest } = env;
  return { processes, ...spawnSync(execPath, args, { ...options, env: rest, timeout: 60_000 }) };
}

describe('test files that share a process', () => {
  it('pass, each with hooks of its own', () => {
    const hooked = `import { after, before, beforeEach, it } from 'node:test'; import assert from 'node:assert';
      let calls = 0;
      before(() => { calls += 1; });
      beforeEach(() => { calls += 10; });
      it('one', () => assert.equal(calls, 11));
      it('two', () => assert.equal(calls, 21));
      after(() => assert.equal(calls, 21));`;
    const { processes, stdout, status } = run({ 'a.test.ts': hooked, 'b.test.ts': sound, 'c.test.ts': hooked });
    assert.equal(processes.length, 1);
    assert.match(stdout, /tests 5, passed 5, failed 0, skipped 0, in .*\nPASS\n$/);
    assert.equal(status, 0);
  });

  it('have a process of their own when they say why', () => {
    const { processes, stdout } = run({
      'a.test.ts': sound,
      'b.test.ts': `// Needs a process of its own: it counts all memory.\n${sound}`,
    });
    assert.deepEqual(processes.slice(1), ['unit/b.test.ts']);
    assert.match(stdout, /tests 2, passed 2, failed 0/);
  });

  for (const [what, code, reason] of [
    [
      'a test that fails',
      `import { it } from 'node:test'; it('x', () => { throw new Error('no'); });`,
      /x\n {4}Error: no/,
    ],
    ['an error outside of tests', `throw new Error('not loaded');`, /not loaded/],
    [
      'an error in a hook',
      `import { before, it } from 'node:test'; before(() => { throw new Error('no'); }); it('x', () => {});`,
      /Error: no/,
    ],
    [
      'an error that no test waits for',
      `import { it } from 'node:test'; it('x', () => { setTimeout(() => { throw new Error('no'); }); }); it('y', (t, done) => { setTimeout(done, 50); });`,
      /errors that no test waited for[\s\S]*Error: no/,
    ],
    [
      'a rejection that no test waits for',
      `import { it } from 'node:test'; it('x', () => { Promise.reject(new Error('no')); });`,
      /errors that no test waited for[\s\S]*Error: no/,
    ],
    [
      'an end of the process',
      `import { it } from 'node:test'; it('x', () => process.exit(3));`,
      /ended in the middle of it\n {4}with exit code 3/,
    ],
    [
      'an end of the process that looks well',
      `import { it } from 'node:test'; it('x', () => process.exit(0));`,
      /ended in the middle of it\n {4}with exit code 0/,
    ],
    [
      'a crash',
      `import { it } from 'node:test'; it('x', () => process.kill(process.pid, 'SIGKILL'));`,
      /ended in the middle of it\n {4}by the signal SIGKILL/,
    ],
    [
      'a variable that it leaves',
      `${sound} process.env['LEFT'] = '1';`,
      /leaves changes in its process: variable LEFT/,
    ],
    [
      'a listener that it leaves',
      `${sound} process.on('SIGUSR2', () => {});`,
      /leaves changes in its process: listeners of SIGUSR2/,
    ],
    [
      'a global that it leaves changed',
      `${sound} globalThis.setTimeout = () => {};`,
      /leaves changes in its process: global setTimeout/,
    ],
  ] as const) {
    it(`fail by name: ${what}`, () => {
      const { stdout, status } = run({
        'bad.test.ts': `console.error('seen before');\n${code}`,
        'good.test.ts': sound,
      });
      assert.match(stdout, reason);
      assert.match(stdout, /failed: .*unit\/bad\.test\.ts/);
      assert.match(stdout, /unit\/bad\.test\.ts printed\n {4}seen before/);
      assert.doesNotMatch(stdout, /failed: .*good\.test/);
      assert.match(stdout, /FAIL\n$/);
      assert.equal(status, 1);
    });
  }
});
