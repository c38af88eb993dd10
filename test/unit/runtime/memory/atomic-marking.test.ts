import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';

/** How often V8 marked garbage in steps while buffers passed through, as Node's performance entries say; in a process of its own. */
function stepwiseMarkings(marking: string): number {
  const code = `
    import { constants, PerformanceObserver } from 'node:perf_hooks';
    import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
    import { atomicMarking } from './src/runtime/memory/atomic-marking.ts';
    let stepwise = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) {
        stepwise += detail.kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL ? 1 : 0;
      }
    });
    ${marking}
    await turn();
    observer.observe({ entryTypes: ['gc'] });
    const held = [];
    for (let n = 0; n < 60; n++) {
      held.push(new ArrayBuffer(8 << 20));
      held.splice(0, held.length - 4);
      await turn();
    }
    await pause(1);
    process.stdout.write(String(stepwise));`;
  const args = ['--input-type=module', '--eval', code];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return Number(execFileSync(process.execPath, args, { cwd: projectRoot, env, encoding: 'utf8' }));
}

test('garbage is marked in one go until the last scope ends', () => {
  assert.equal(stepwiseMarkings('using first = atomicMarking(); { using second = atomicMarking(); }'), 0);
  assert.ok(stepwiseMarkings('{ using first = atomicMarking(); }') > 0);
});
