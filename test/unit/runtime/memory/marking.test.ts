import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';

/** The steps of each collection while buffers pass through, as V8 tells them, in a process of its own. */
function steps(marking: string): readonly number[] {
  const code = `
    import { setImmediate as turn } from 'node:timers/promises';
    import { markingAtOnce } from './src/runtime/memory/marking.ts';
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
  const lines = text.split('\n').filter((line) => line.includes('Mark-Compact'));
  return lines.map((line) => Number(/ in (\d+) steps since start of marking/.exec(line)?.[1] ?? 0));
}

test('garbage is collected at once until it is disposed of', () => {
  const [, ...atOnce] = steps('using _ = markingAtOnce();');
  // The first may have begun before.
  assert.deepEqual(
    atOnce,
    atOnce.map(() => 0),
  );
  assert.ok(atOnce.length > 0);
  const inSteps = steps('{ using _ = markingAtOnce(); }');
  assert.ok(
    inSteps.some((count) => count > 0),
    inSteps.join(),
  );
});
