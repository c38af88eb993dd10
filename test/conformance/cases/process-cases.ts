import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { run } from '../../../scripts/lab/run.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import type { StoreChildReport, StoreChildTask } from '../../support/stores/store-child.ts';
import type { FaultRig } from './fault-rig.ts';

const script = fileURLToPath(new URL('../../support/stores/store-child.ts', import.meta.url));

/** A process that has nothing left to do ends at once; a timer or a socket that is left over would keep it for a minute, ms. */
const mostLingering = 20_000;

/** Processes that use the store and are not ended by anyone: no socket and no timer may be left. */
export function processCases(rig: FaultRig): void {
  const use = async (
    proxy: FaultProxy,
    folder: string,
    what: StoreChildTask['use'],
  ): Promise<{ readonly outcome: string; readonly lingeredMs: number }> => {
    const { config, environment } = await rig.opened.process(proxy.endpoint);
    const task: StoreChildTask = {
      use: what,
      config: {
        ...config,
        prefix: folder,
        maxParallelChunkUploads: 3,
        minChunkSize: 5 * 1024 * 1024,
        role: 'primary',
      },
    };
    const child = run(process.execPath, [script, JSON.stringify(task)], {
      env: { ...compileCache, ...environment },
      timeoutMs: 120_000,
    });
    const { outcome, doneAt } = JSON.parse((await child).stdout) as StoreChildReport;
    return { outcome, lingeredMs: Date.now() - doneAt };
  };

  describe('a process ends by itself', { concurrency: 3 }, () => {
    test('after saving, listing, fetching and deleting, with a failure of each operation', async () => {
      const folder = rig.freshFolder();
      await using proxy = await startFaultProxy(rig.opened.target);
      const faults = [
        { kind: 'reset' },
        { kind: 'status', status: 503, retryAfter: 1 },
        { kind: 'lose answer' },
      ] as const;
      let operations = 0;
      proxy.fault(({ count }) => {
        operations += Number(count === 1);
        return count === 1 ? faults[operations % faults.length] : undefined;
      });
      const { outcome, lingeredMs } = await use(proxy, folder, 'everything');
      assert.equal(outcome, 'ok');
      assert.ok(lingeredMs < mostLingering, `it took ${lingeredMs} ms to end`);
      await rig.assertNothingBelow(folder);
    });

    test('after a save that was cancelled while the store stalled', async () => {
      const folder = rig.freshFolder();
      await using proxy = await startFaultProxy(rig.opened.target);
      proxy.fault(({ operation }) => (rig.opened.part.test(operation) ? { kind: 'stall' } : undefined));
      const { outcome, lingeredMs } = await use(proxy, folder, 'cancelled save');
      assert.equal(outcome, 'cancelled');
      assert.ok(lingeredMs < mostLingering, `it took ${lingeredMs} ms to end`);
      await rig.assertNothingBelow(folder);
    });

    test('after abandoning a fetch that stalls', async () => {
      const folder = rig.freshFolder();
      await using proxy = await startFaultProxy(rig.opened.target);
      proxy.fault(({ operation, key }) =>
        (rig.opened.download ?? /^GET/).test(operation) && /Full-[^/]*$/.test(decodeURIComponent(key))
          ? { kind: 'truncate', after: 100_000, ending: 'stall' }
          : undefined,
      );
      const { outcome, lingeredMs } = await use(proxy, folder, 'half a fetch');
      assert.equal(outcome, 'ok');
      assert.ok(lingeredMs < mostLingering, `it took ${lingeredMs} ms to end`);
    });
  });
}
