import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';

/** How often all garbage was collected in a thread in which few objects get old; in a process of its own. */
function collections(beforeStart: string, afterStart = ''): number {
  const worker = `
    import { constants, PerformanceObserver } from 'node:perf_hooks';
    import { parentPort } from 'node:worker_threads';
    let collections = 0;
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) {
        collections += detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR ? 1 : 0;
      }
    }).observe({ entryTypes: ['gc'] });
    const kept = [];
    const step = (left) => {
      for (let n = 0; n < 40_000; n++) {
        const made = [n, n, n, n];
        if (n % 50 === 0) {
          kept.push(made);
        }
      }
      kept.splice(0, kept.length - 20_000);
      if (left > 0) {
        setImmediate(step, left - 1);
      } else {
        setTimeout(() => parentPort.postMessage(collections), 1);
      }
    };
    step(600);`;
  const code = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import { roomyHeaps } from './src/runtime/memory/roomy-heaps.ts';
    ${beforeStart}
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 12 } });
    await once(worker, 'online');
    ${afterStart}
    const [collections] = await once(worker, 'message');
    process.stdout.write(String(collections));`;
  const args = ['--input-type=module', '--eval', code];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return Number(execFileSync(process.execPath, args, { cwd: projectRoot, env, encoding: 'utf8' }));
}

test('a thread that starts within the scope is not searched for garbage as soon', () => {
  assert.ok(collections('') > 0);
  assert.equal(collections('const scope = roomyHeaps();', 'scope[Symbol.dispose]();'), 0);
});

test('a thread that starts after the scope has as little room as any', () => {
  assert.ok(collections('{ using scope = roomyHeaps(); }') > 0);
});
