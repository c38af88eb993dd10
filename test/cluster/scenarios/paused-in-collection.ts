import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { moveLeader } from '../../support/cluster/move-leader.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

/**
 * The sidecar of the leader stands still in the midst of a pass of garbage collection, and goes on when another one has led for a while:
 * what it meant to delete goes by a listing from before.
 */
export const pausedInCollection: Scenario = {
  name: 'SIGSTOP during garbage collection',
  cluster: {
    pods: 3,
    members: 3,
    flags: ['--garbage-collection-policy=LimitBased', '--max-backups=1', '--garbage-collection-period=5s'],
  },
  async disturb({ cluster, writer, length, note }) {
    const before = await cluster.untilLed();
    /** Deletions that the paused sidecar asks for, also those that it had begun. */
    let deletions = 0;
    cluster.store.fault(before.place, ({ operation }) => {
      if (!operation.startsWith('DELETE')) {
        return undefined;
      }
      deletions += 1;
      if (deletions === 1) {
        before.sidecar.signal('SIGSTOP');
      }
      return undefined;
    });
    // Deltas of a chain that a new full makes garbage.
    await sleep(20_000);
    await before.ask('/snapshot/full', { timeoutMs: 60_000, method: 'POST' });
    await eventually(() => (deletions > 0 ? true : undefined), {
      timeoutMs: 60_000,
      describe: () => cluster.describe('nothing is collected'),
    });
    await moveLeader(cluster);
    await writer.more(100);
    await sleep(length === 'long' ? 60_000 : 20_000);
    before.sidecar.signal('SIGCONT');
    await cluster.untilWhole();
    await sleep(3_000);
    assert.ok(deletions <= 2, `the paused sidecar has asked for ${deletions} deletions`);
    cluster.store.fault(before.place, () => undefined);
    note(`${deletions} deletion${deletions === 1 ? '' : 's'} by the paused one`);
  },
};
