import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';

const MIB = 1024 * 1024;

/** The most bytes of buffers there were while 256 MiB passed through short-lived ones, in a process of its own. */
function mostBuffers(afterUse: string): number {
  const code = `
    import { setImmediate as turn } from 'node:timers/promises';
    import { promptBufferCollection } from './src/runtime/memory/prompt-buffer-collection.ts';
    using buffers = promptBufferCollection();
    let most = 0;
    for (let n = 0; n < 4096; n++) {
      const buffer = Buffer.allocUnsafeSlow(64 * 1024);
      ${afterUse}
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      if (n % 16 === 0) {
        await turn();
      }
    }
    process.stdout.write(String(most));`;
  const args = ['--input-type=module', '--eval', code];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return Number(execFileSync(process.execPath, args, { cwd: projectRoot, env, encoding: 'utf8' }));
}

test('discarded buffers do not pile up', () => {
  assert.ok(mostBuffers('buffers.discarded(buffer.length);') < 32 * MIB);
  assert.ok(mostBuffers('') > 32 * MIB);
});
