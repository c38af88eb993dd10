import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { run } from '../../../scripts/lab/run.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';
import { unlessRoot } from '../../support/context/skip-reasons.ts';

/** The disk for temporary files of the leader's sidecar is full while a full is asked for, and then has room again. */
export const diskFull: Scenario = {
  name: 'disk of the sidecar full',
  cluster: 'shared',
  missing: async () => unlessRoot || undefined,
  async disturb({ cluster, writer, length, note }) {
    const leader = await cluster.untilLed();
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', leader.tempDir]);
    try {
      const filling = `${leader.tempDir}/filling`;
      writeFileSync(filling, Buffer.alloc(4 * 1024 * 1024 - 4096));
      const answer = await leader.ask('/snapshot/full', { timeoutMs: 120_000, method: 'POST' });
      assert.equal(answer.status, 500, answer.body);
      note(`a full was answered with ${answer.status}`);
      await writer.more(50);
      await sleep(length === 'long' ? 60_000 : 3_000);
      rmSync(filling);
      await cluster.untilWhole();
      await writer.more(50);
      // Its pod may lead no more; it is forwarded then.
      await eventually(
        async () => {
          const again = await leader
            .ask('/snapshot/full', { timeoutMs: 120_000, method: 'POST' })
            .catch(() => undefined);
          return again?.status === 200 ? true : undefined;
        },
        {
          timeoutMs: 200_000,
          intervalMs: 500,
          describe: () => cluster.describe('no full where the disk has room again'),
        },
      );
    } finally {
      await run('umount', ['-l', leader.tempDir]);
    }
  },
};
