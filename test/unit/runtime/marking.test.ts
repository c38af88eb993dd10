import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { projectRoot } from '../../support/project-root.ts';

/** What V8 says of its collections while buffers pass through, in a process of its own. */
function collections(marking: string): readonly string[] {
  const code = `
    import { setImmediate as turn } from 'node:timers/promises';
    import { markingAtOnce } from './src/runtime/marking.ts';
    ${marking}
    const held = [];
    for (let n = 0; n < 40; n++) {
      held.push(new ArrayBuffer(8 << 20));
      held.splice(0, held.length - 4);
      await turn();
    }`;
  const args = ['--trace-gc', '--input-type=module', '--eval', code];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const text = execFileSync(process.execPath, args, { cwd: projectRoot, env, encoding: 'utf8' });
  return text.split('\n').filter((line) => line.includes('Mark-Compact'));
}

test('garbage is collected at once until it is disposed of', () => {
  const atOnce = collections('using _ = markingAtOnce();');
  assert.ok(atOnce.length > 1);
  // The first may have begun before.
  assert.deepEqual(
    atOnce.slice(1).filter((line) => line.includes('since start of marking')),
    [],
  );
  const inSteps = collections('{ using _ = markingAtOnce(); }');
  assert.ok(
    inSteps.some((line) => line.includes('since start of marking')),
    inSteps.join('\n'),
  );
});
